import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Extra, MiddlewareUnderTest } from "./middleware-under-test.ts";
import { eventually, pause, type ServedApp, serve } from "./served-app.ts";
import { change, heldRoute, WATCH_MS } from "./suite-routes.ts";

/** Middleware that wraps the response or adds a cookie, before and after the one under test. */
export function describeResponseWrappers(subject: MiddlewareUnderTest): void {
  describe("compression and sessions", () => {
    const orders: readonly (readonly [string, readonly Extra[], readonly Extra[]])[] = [
      ["both before", ["compression", "session"], []],
      ["both after", [], ["compression", "session"]],
      ["compression before and a session after", ["compression"], ["session"]],
      ["a session before and compression after", ["session"], ["compression"]],
    ];
    const text = "a line that compresses well\n".repeat(400);

    it.each(orders)("%s: a durable record delays a whole response", async (_order, before, after) => {
      if (!subject.supports.extras) return;
      const app: ServedApp = await serve(subject, {
        before,
        after,
        routes: heldRoute((call) => {
          change(app);
          call.send(200, text, { "content-type": "text/plain" });
        }),
      });
      app.store.pause();
      let answered = false;
      const answer = app.ask("/held", { headers: { "accept-encoding": "gzip" } }).finally(() => {
        answered = true;
      });
      await eventually(() => app.store.waiting > 0);
      await pause(WATCH_MS);
      expect(answered).toBe(false);
      app.store.resume();
      const { status, headers, body } = await answer;
      expect([status, headers["content-encoding"]]).toEqual([200, "gzip"]);
      expect(headers["set-cookie"]).toHaveLength(1);
      expect(gunzipSync(body).toString()).toBe(text);
      expect(await app.trail()).toEqual(["setting.changed success GET /held -", "request.completed success GET /held 200"]);
    });

    it.each(orders)("%s: a response without delay is one record", async (_order, before, after) => {
      if (!subject.supports.extras) return;
      const app = await serve(subject, {
        before,
        after,
        routes: heldRoute((call) => call.send(200, text, { "content-type": "text/plain" })),
      });
      const { headers, body } = await app.ask("/held", { headers: { "accept-encoding": "gzip" } });
      expect(headers["set-cookie"]).toHaveLength(1);
      expect(gunzipSync(body).toString()).toBe(text);
      expect(await app.trail()).toEqual(["request.completed success GET /held 200"]);
    });

    it.each(orders)("%s: a record that cannot be stored is 503", async (_order, before, after) => {
      if (!subject.supports.extras) return;
      const app: ServedApp = await serve(
        subject,
        {
          before,
          after,
          routes: heldRoute((call) => {
            change(app);
            call.send(200, text, { "content-type": "text/plain" });
          }),
        },
        { deadlineMs: 60 },
      );
      app.store.failWith(new Error("disk is full"));
      expect((await app.ask("/held", { headers: { "accept-encoding": "gzip" } })).status).toBe(503);
    });
  });
}

import { noteRecorded } from "@daybook/core";
import { describe, expect, it } from "vitest";
import type { MiddlewareUnderTest, SuiteRoute } from "./middleware-under-test.ts";
import { serve } from "./served-app.ts";

export function describeLevels(subject: MiddlewareUnderTest): void {
  const get = (path: string, handle: SuiteRoute["handle"]): SuiteRoute => ({ method: "GET", path, handle });

  describe("a route of level none", () => {
    it("leaves nothing behind but what its handler records", async () => {
      const app = await serve(subject, {
        options: { policy: [{ path: "/health", level: "none" }] },
        routes: [
          get("/health", (call) => {
            app.audit.record(noteRecorded, { data: { note: "alive" } });
            call.send(500);
          }),
          get("/books", (call) => call.send(200)),
        ],
      });
      await app.ask("/health", { headers: { "x-user": "sabo" } });
      await app.ask("/books");
      const events = await app.events();
      expect(events.map((event) => [event.action, event.request?.route])).toEqual([
        ["note.recorded", "/health"],
        ["request.completed", "/books"],
      ]);
      expect(events[0]?.actor.id).toBe("sabo");
    });
  });

  describe("a route of level always", () => {
    const options = { policy: [{ path: "/vault/:room", method: "GET", level: "always" as const }] };

    it("is stored before its handler runs", async ({ skip }) => {
      if (!subject.supports.always) skip("the middleware cannot wait before the handler");
      let storedBefore: readonly unknown[] = [];
      const app = await serve(subject, {
        options,
        routes: [
          get("/vault/:room", (call) => {
            storedBefore = app.store.events.map((event) => event.action);
            call.send(200, "open");
          }),
        ],
      });
      expect((await app.ask("/vault/7", { headers: { "x-user": "sabo" } })).status).toBe(200);
      const events = await app.events();
      expect(storedBefore).toEqual(["request.started"]);
      expect(events.map((event) => [event.action, event.outcome])).toEqual([
        ["request.started", "success"],
        ["request.completed", "success"],
      ]);
      expect(events[0]?.request?.id).toBe(events[1]?.request?.id);
    });

    it("gets 503 without its handler if not stored", async ({ skip }) => {
      if (!subject.supports.always) skip("the middleware cannot wait before the handler");
      let ran = false;
      const app = await serve(
        subject,
        {
          options,
          routes: [
            get("/vault/:room", (call) => {
              ran = true;
              call.send(200, "open");
            }),
          ],
        },
        { deadlineMs: 60 },
      );
      app.store.failWith(new Error("disk is full"));
      const answer = await app.ask("/vault/7");
      expect([answer.status, ran]).toEqual([503, false]);
      app.store.failWith(undefined);
      const completed = (await app.events()).filter((event) => event.action === "request.completed");
      expect(completed.map((event) => [event.outcome, event.request?.status])).toEqual([["failure", 503]]);
    });

    it("is not walked around by another spelling or method", async ({ skip }) => {
      if (!subject.supports.always) skip("the middleware cannot wait before the handler");
      const app = await serve(subject, { options, routes: [get("/vault/:room", (call) => call.send(200, "open"))] });
      const asked = [
        ["GET", "/vault/7"],
        ["GET", "/vault/7/"],
        ["GET", "/VAULT/7"],
        ["GET", "/%76ault/7"],
        ["GET", "/vault/7?x=1"],
        ["GET", "/vault/%37"],
        ["HEAD", "/vault/7"],
      ] as const;
      let open = 0;
      for (const [method, path] of asked) if ((await app.ask(path, { method })).status === 200) open++;
      const started = (await app.events(asked.length)).filter((event) => event.action === "request.started");
      expect(open).toBeGreaterThanOrEqual(3);
      expect(started.length).toBeGreaterThanOrEqual(open);
    });
  });
}

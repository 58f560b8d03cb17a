import { describe, expect, it } from "vitest";
import { present } from "../store/present.ts";
import type { MiddlewareUnderTest } from "./middleware-under-test.ts";
import { serve } from "./served-app.ts";
import { get, refusal } from "./suite-routes.ts";

/** Refusals with 401, 403 and 429, and denials that the handler records. */
export function describeDenials(subject: MiddlewareUnderTest): void {
  describe("a refusal", () => {
    const kinds = [
      [401, "permission.denied"],
      [403, "permission.denied"],
      [429, "quota.exceeded"],
    ] as const;

    it.each(kinds)("of %i that is returned is one denial", async (status, action) => {
      const app = await serve(subject, { routes: [get("/vault", (call) => call.send(status, "no"))] });
      expect((await app.ask("/vault")).status).toBe(status);
      expect(await app.trail()).toEqual([`${action} denied GET /vault ${status}`, `request.completed denied GET /vault ${status}`]);
    });

    it.each(kinds)("of %i that is thrown is one denial", async (status, action) => {
      const app = await serve(subject, {
        routes: [
          get("/vault", async () => {
            throw refusal(status);
          }),
        ],
      });
      expect((await app.ask("/vault")).status).toBe(status);
      expect(await app.trail()).toEqual([`${action} denied GET /vault ${status}`, `request.completed denied GET /vault ${status}`]);
    });

    it("carries the reason the handler gives", async () => {
      const app = await serve(subject, {
        routes: [
          get("/vault/:room", (call) => {
            app.audit.deny({ resource: { type: "room", id: present(call.params.room) }, reason: "not_a_member", policy: "members-only" });
            call.send(403);
          }),
        ],
      });
      await app.ask("/vault/7", { headers: { "x-user": "sabo" } });
      const events = await app.events();
      expect(events.map((event) => event.action)).toEqual(["permission.denied", "request.completed"]);
      expect(events[0]).toMatchObject({
        actor: { id: "sabo" },
        resource: { type: "room", id: "7" },
        reason: "not_a_member",
        data: { policy: "members-only" },
      });
    });

    it("that hides behind a 404 is a denial", async () => {
      const app = await serve(subject, {
        routes: [
          get("/vault", (call) => {
            app.audit.deny({ reason: "hidden" });
            call.send(404);
          }),
        ],
      });
      await app.ask("/vault");
      expect(await app.trail()).toEqual(["permission.denied denied GET /vault 404", "request.completed failure GET /vault 404"]);
    });

    it("repeated twenty times in a second is twenty denials", async () => {
      const app = await serve(subject, { routes: [get("/vault", (call) => call.send(403))] });
      await Promise.all(Array.from({ length: 20 }, () => app.ask("/vault", { headers: { "x-user": "sabo" } })));
      const lines = await app.trail(20);
      expect(lines.filter((line) => line === "permission.denied denied GET /vault 403")).toHaveLength(20);
      expect(lines).toHaveLength(40);
    });
  });
}

import { describe, expect, it } from "vitest";
import type { MiddlewareUnderTest, SuiteMount, SuiteRoute } from "./middleware-under-test.ts";
import { serve } from "./served-app.ts";
import { get, ok } from "./suite-routes.ts";

/** Routes below a common path are recorded by their template. */
export function describeMountedRouters(subject: MiddlewareUnderTest): void {
  describe("a mounted router", () => {
    const below = (path: string, routes: readonly SuiteRoute[], mounts: readonly SuiteMount[] = []): SuiteMount => ({
      path,
      routes,
      mounts,
    });
    const boom = () => {
      throw new Error("private text");
    };

    it("appears in the template of its routes", async () => {
      const app = await serve(subject, { mounts: [below("/api", [get("/items/:item", ok)])] });
      await app.ask("/api/items/7");
      expect(await app.trail()).toEqual(["request.completed success GET /api/items/:item 200"]);
    });

    it("with a parameter appears as a template", async () => {
      const app = await serve(subject, {
        mounts: [below("/users/:user", [get("/books/:book", ok)], [below("/sub/:kind", [get("/deep", ok)])])],
      });
      await app.ask("/users/sabo/books/9");
      await app.ask("/users/sabo/sub/x/deep");
      await app.ask("/users/users/books/users");
      expect(await app.trail(3)).toEqual([
        "request.completed success GET /users/:user/books/:book 200",
        "request.completed success GET /users/:user/sub/:kind/deep 200",
        "request.completed success GET /users/:user/books/:book 200",
      ]);
    });

    it("stays in the template of a thrown error", async () => {
      const app = await serve(subject, { mounts: [below("/api", [get("/boom", boom)]), below("/users/:user", [get("/boom", boom)])] });
      await app.ask("/api/boom");
      await app.ask("/users/sabo/boom");
      expect(await app.trail(2)).toEqual([
        "request.failed failure GET /api/boom 500",
        "request.completed failure GET /api/boom 500",
        "request.failed failure GET /users/:user/boom 500",
        "request.completed failure GET /users/:user/boom 500",
      ]);
    });

    it("without a matching route names no path", async () => {
      const app = await serve(subject, { mounts: [below("/users/:user", [get("/books", ok)])] });
      await app.ask("/users/sabo/letters");
      expect(await app.trail()).toEqual(["request.completed failure GET (unmatched) 404"]);
    });
  });
}

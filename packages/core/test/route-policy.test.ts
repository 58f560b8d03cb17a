import { describe, expect, it } from "vitest";
import { routePolicy } from "../src/http/route-policy.ts";

describe("a policy list", () => {
  const level = routePolicy([
    { path: "/health", level: "none" },
    { path: "/assets/*", method: "get", level: "none" },
    { path: "/users/:id/roles", method: ["PUT", "DELETE"], level: "always" },
    { path: "/a.b/*", level: "none" },
    { path: "/*", method: "PATCH", level: "always" },
  ]);

  it.each([
    ["GET", "/health", "none"],
    ["POST", "/health/", "none"],
    ["GET", "/health/deep", "metadata"],
    ["GET", "/healthy", "metadata"],
    ["GET", "/assets", "none"],
    ["GET", "/assets/site.css", "none"],
    ["POST", "/assets/site.css", "metadata"],
    ["PUT", "/users/7/roles", "always"],
    ["DELETE", "/users/a%2Fb/roles", "always"],
    ["PUT", "/users/7/8/roles", "metadata"],
    ["GET", "/users/7/roles", "metadata"],
    ["GET", "/aXb/c", "metadata"],
    ["PATCH", "/anything/at/all", "always"],
    ["PATCH", "/", "always"],
  ])("%s %s is of level %s", (method, path, expected) => {
    expect(level(method, path) ?? "metadata").toBe(expected);
  });

  it("lets the first matching rule decide", () => {
    const both = routePolicy([
      { path: "/x", level: "always" },
      { path: "/*", level: "none" },
    ]);
    expect([both("GET", "/x"), both("GET", "/y")]).toEqual(["always", "none"]);
  });

  it.each([
    [{ path: "health", level: "none" }, "starts with /"],
    [{ path: "/x", level: "some" }, "none, metadata, always"],
  ])("refuses the rule %j", (rule, hint) => {
    expect(() => routePolicy([rule as never])).toThrow(
      expect.objectContaining({ code: "BAD_OPTION", hint: expect.stringContaining(hint) }),
    );
  });
});

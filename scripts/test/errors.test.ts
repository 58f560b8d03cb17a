import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ERRORS } from "../../packages/core/src/daybook-error.ts";

const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");

describe("docs/errors.md", () => {
  it("explains every code there is, and no other", () => {
    expect([...page.matchAll(/^### ([A-Z_]+)$/gm)].map(([, code]) => code).sort()).toEqual(Object.keys(ERRORS).sort());
  });

  it.each(Object.keys(ERRORS))("says of %s what happened and what to do", (code) => {
    const text = page.split(`### ${code}\n`)[1]!.split("\n### ")[0]!.trim();
    expect(text.length).toBeGreaterThan(80);
  });
});

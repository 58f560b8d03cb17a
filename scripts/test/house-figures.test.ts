import { describe, expect, it } from "vitest";
import { figuresOf } from "../house-figures.ts";

const file = (path: string, text: string) => ({ path, text });
const numbered = (from: number, count: number) => Array.from({ length: count }, (_, i) => `call(${from + i});\n`).join("");

describe("figures of the source", () => {
  it("count assertions, not negations", () => {
    const text = "const a = b!;\nconst c = !d;\nif (e != f) g!.h();\n";
    expect(figuresOf([file("a.ts", text)]).assertionsPerThousandLines).toBeCloseTo(2_000 / 3);
  });

  it("count spread conditions", () => {
    expect(figuresOf([file("a.ts", "const a = { ...(b === undefined ? {} : { b }) };\n")]).spreadConditions).toBe(1);
  });

  it.each([
    ["six equal lines", numbered(0, 6), numbered(0, 6), ["a.ts:1 ~ b.ts:1"]],
    ["five equal lines", numbered(0, 5), numbered(0, 5), []],
    ["a longer run once", numbered(0, 20), numbered(0, 20), ["a.ts:1 ~ b.ts:1"]],
    ["a run behind other lines", numbered(50, 2) + numbered(0, 6), numbered(90, 3) + numbered(0, 6), ["a.ts:3 ~ b.ts:4"]],
    ["a run with blank lines and comments between", numbered(0, 6).replaceAll("\n", "\n\n// why\n"), numbered(0, 6), ["a.ts:1 ~ b.ts:1"]],
    ["equal imports", 'import a from "a";\n'.repeat(8), 'import a from "a";\n'.repeat(8), []],
  ])("find %s", (_, first, second, repeats) => {
    expect(figuresOf([file("a.ts", first), file("b.ts", second)]).repeats).toEqual(repeats);
  });

  it("find a repeat within one file", () => {
    expect(figuresOf([file("a.ts", `${numbered(0, 6)}other();\n${numbered(0, 6)}`)]).repeats).toEqual(["a.ts:1 ~ a.ts:8"]);
  });
});

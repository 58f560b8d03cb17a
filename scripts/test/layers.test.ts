import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { cyclesIn, importsOf, problemsOf } from "../check-layers.ts";

const made: string[] = [];

function packageWith(files: Record<string, string>, dependencies: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "layers-"));
  made.push(folder);
  mkdirSync(join(folder, "src"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ dependencies }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "src", name), text);
  return folder;
}

afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

describe("the layer check", () => {
  it("sees static, type-only, re-exported and dynamic imports", () => {
    const text = 'import a from "a"; import type { B } from "b"; export { c } from "c"; const d = await import("d");';
    expect(importsOf(text)).toEqual(["a", "b", "c", "d"]);
  });

  it("refuses a sibling of a layer above", () => {
    const folder = packageWith({ "index.ts": 'import "@daybook/express";' }, { "@daybook/express": "*" });
    expect(problemsOf(folder, ["core"])).toEqual([expect.stringContaining("imports @daybook/express, which its layer may not")]);
  });

  it("refuses what the package does not declare", () => {
    expect(problemsOf(packageWith({ "index.ts": 'import "left-pad";' }), [])).toEqual([expect.stringContaining("does not declare")]);
  });

  it("accepts what is declared, and Node's own modules", () => {
    const folder = packageWith({ "index.ts": 'import "node:fs"; import "@daybook/core";' }, { "@daybook/core": "*" });
    expect(problemsOf(folder, ["core"])).toEqual([]);
  });

  it("finds cycles inside a package", () => {
    const cycle = new Map([
      ["a", ["b"]],
      ["b", ["c"]],
      ["c", ["a"]],
    ]);
    expect(cyclesIn(cycle)).toEqual([["a", "b", "c", "a"]]);
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { floorProblems, sizeProblems } from "../check-rooms.ts";

const made: string[] = [];

function sources(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "rooms-"));
  made.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

const lines = (count: number, line = "// x") => `${line}\n`.repeat(count);
const classOf = (count: number) => `class Long {\n${lines(count - 2, "  // x")}}\n`;

describe("sizes", () => {
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`room/f${i}.ts`, ""]));

  it.each([
    ["24 files", many(24), 0],
    ["25 files", many(25), 1],
    ["400 lines", { "a.ts": lines(400) }, 0],
    ["401 lines", { "a.ts": lines(401) }, 1],
    ["a class of 300 lines", { "a.ts": classOf(300) }, 0],
    ["a class of 301 lines", { "a.ts": classOf(301) }, 1],
    ["a long class with a reason", { "a.ts": classOf(301).replace("Long", "Known") }, 0],
  ])("of %s", (_, files, problems) => {
    expect(sizeProblems(sources(files), { Known: "a reason" })).toHaveLength(problems);
  });
});

describe("floors", () => {
  const floors = [["error.ts"], ["low", "beside"], ["high"]];
  const importing = (from: string, to: string) =>
    floorProblems(sources({ [from]: `import "${from.includes("/") ? "../" : "./"}${to}";`, [to]: "" }), floors);

  it.each([
    ["high/a.ts", "low/b.ts"],
    ["low/a.ts", "error.ts"],
    ["high/a.ts", "high/b.ts"],
    ["index.ts", "high/b.ts"],
    ["index.ts", "store.ts"],
  ])("%s may import %s", (from, to) => {
    expect(importing(from, to)).toEqual([]);
  });

  it.each([
    ["low/a.ts", "high/b.ts"],
    ["low/a.ts", "beside/b.ts"],
    ["error.ts", "low/b.ts"],
    ["high/a.ts", "index.ts"],
  ])("%s may not import %s", (from, to) => {
    expect(importing(from, to)).toEqual([expect.stringContaining("is not below it")]);
  });

  it("know every folder", () => {
    expect(floorProblems(sources({ "attic/a.ts": "" }), floors)).toEqual([expect.stringContaining("is in no floor")]);
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandLinePage } from "../docs/command-line-page.ts";
import { configurationPage } from "../docs/configuration-page.ts";
import { ROOT } from "../docs/markdown.ts";
import { libraries, publicNames, surfaceProgram } from "../docs/public-surface.ts";

const page = (name: string) => readFileSync(join(ROOT, "docs", name), "utf8");

describe("the pages that are written by `pnpm write-docs`", () => {
  it("say of the command line what it offers now", () => {
    expect(page("command-line.md")).toBe(commandLinePage());
  });

  it("say of the options what the types say now", () => {
    expect(page("configuration.md")).toBe(configurationPage());
  });
});

describe("the environment", () => {
  it("is asked for nothing the configuration page does not tell", () => {
    const asked = new Set<string>();
    for (const file of readdirSync(join(ROOT, "packages"), { recursive: true, encoding: "utf8" })) {
      if (!/^[\w-]+\/src\/.*\.ts$/.test(file)) continue;
      for (const [, name] of readFileSync(join(ROOT, "packages", file), "utf8").matchAll(
        /process\.env\.([A-Z_]+)|env\.(DAYBOOK_[A-Z_]+)/g,
      )) {
        if (name !== undefined) asked.add(name);
      }
    }
    const told = new Set([...page("configuration.md").matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name!));
    expect([...asked].filter((name) => !told.has(name))).toEqual([]);
    expect([...told].filter((name) => name.startsWith("DAYBOOK_")).length).toBeGreaterThan(4);
  });
});

describe("the names a package exports", () => {
  const program = surfaceProgram();

  // A change of these lists is a change of what users can rely on: review it as such, then run vitest with --update.
  it.each(libraries())("@daybook/%s", async (library) => {
    const names = publicNames(program, library).map(({ name, kind }) => (kind === "type" ? `type ${name}` : name));
    await expect(`${names.join("\n")}\n`).toMatchFileSnapshot(`names/${library.replace("/", "-")}.txt`);
  });
});

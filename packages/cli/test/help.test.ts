import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { OUTCOMES, SEVERITIES } from "@daybook/core";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { createProgram } from "../src/program.ts";
import { OUTCOME_CHOICES, SEVERITY_CHOICES } from "../src/verbs/filter-options.ts";
import { daybook } from "./support/run-daybook.ts";

/** Every verb that does something, `gdpr export` as well as `report`. */
const verbs = (command: Command, above = ""): { name: string; command: Command }[] =>
  command.commands.flatMap((child) => {
    const name = `${above}${child.name()}`;
    return child.commands.length > 0 ? verbs(child, `${name} `) : [{ name, command: child }];
  });

const VERBS = verbs(createProgram(() => undefined));

const helpOf = (command: Command): string => {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
};

/** What the command line says about words it cannot take. */
function refusalOf(words: readonly string[]): string {
  const program = createProgram(() => undefined);
  let said = "";
  const listen = (command: Command) => {
    command.configureOutput({ writeErr: (text) => (said += text), writeOut: () => undefined });
    for (const child of command.commands) listen(child);
  };
  listen(program);
  expect(() => program.parse(words, { from: "user" })).toThrow();
  return said;
}

describe.each(VERBS)("daybook $name --help", ({ name, command }) => {
  it("has a description, exit status and example", () => {
    const help = helpOf(command);
    expect(command.description()).not.toBe("");
    expect(help).toMatch(/^Exit status: 0 .*2 /m);
    expect(help).toMatch(new RegExp(`^Examples?:[\\s\\S]*\\bdaybook ${name}\\b`, "m"));
    for (const option of command.options) expect(option.description, option.flags).not.toBe("");
  });
});

describe("the command line", () => {
  it("shows its help and its version on stdout", async () => {
    const { version } = JSON.parse(readFileSync(fileURLToPath(new URL("../package.json", import.meta.url)), "utf8")) as { version: string };
    const help = await daybook(["--help"]);
    expect(help).toMatchObject({ status: 0, stderr: "" });
    for (const { name } of VERBS) expect(help.stdout).toContain(name.split(" ")[0]);
    expect(await daybook(["--version"])).toMatchObject({ status: 0, stdout: `${version}\n` });
  });

  it("is used wrongly without a verb", async () => {
    expect(await daybook([])).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining("Usage: daybook") });
  });

  it.each([
    ["repotr", "report"],
    ["docter", "doctor"],
    ["tial", "tail"],
  ])("takes %s for a slip of %s", async (typed, meant) => {
    expect(await daybook([typed])).toMatchObject({ status: 2, stderr: expect.stringContaining(`(Did you mean ${meant}?)`) });
  });

  it.each(VERBS)("takes a slip of $name for it", ({ name }) => {
    const words = name.split(" ");
    const last = words.pop()!;
    const slip = `${last[1]}${last[0]}${last.slice(2)}`;
    expect(refusalOf([...words, slip])).toContain(`(Did you mean ${last}?)`);
  });

  it("names the help of a wrongly used verb", async () => {
    expect((await daybook(["tail", "--lnes", "3"])).stderr).toBe(
      "error: unknown option '--lnes'\n(Did you mean --lines?)\n(daybook tail --help shows what it takes)\n",
    );
  });

  it("offers the severities and outcomes core knows", () => {
    expect([SEVERITY_CHOICES, OUTCOME_CHOICES]).toEqual([SEVERITIES, OUTCOMES]);
  });

  it("loads no other package to show help", () => {
    const program = fileURLToPath(new URL("../dist/daybook.js", import.meta.url));
    const files = new Set<string>();
    expect(importsReachedBy(program, files)).toEqual([]);
    expect(files.size).toBeGreaterThan(1);
  });
});

/** Packages a built module imports by itself and through the chunks it imports, but not through `import()`. */
function importsReachedBy(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const names = [...readFileSync(file, "utf8").matchAll(/(?:^|;)(?:import|export)\b[^"';()]*?(?:from\s*)?"([^"]+)"/gm)].map(
    ([, name]) => name!,
  );
  return names.flatMap((name) =>
    name.startsWith(".") ? importsReachedBy(fileURLToPath(new URL(name, `file://${file}`)), seen) : name.startsWith("node:") ? [] : [name],
  );
}

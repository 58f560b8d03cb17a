import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProgram } from "../../packages/cli/src/program.ts";
import { fillConsumerFolder, STRICT } from "../docs/consumer-folder.ts";
import { anchorsOf, type CodeBlock, codeBlocks, exists, innerLinks, pages, ROOT } from "../docs/markdown.ts";

const PAGES = pages();
const BLOCKS = PAGES.flatMap((page) => codeBlocks(page));

/** The file of a block. Blocks of a page that name a file are in one folder, so that they can import each other. */
const placeOf = ({ page, line, info }: CodeBlock) => join(page.replaceAll(/[/.]/g, "-"), /\.m?ts$/.test(info) ? info : `line-${line}.ts`);

describe("code in the pages", () => {
  const programs = BLOCKS.filter(({ language }) => language === "ts" || language === "typescript");
  let folder: string;

  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "daybook-docs-")));
    fillConsumerFolder(folder);
    for (const block of programs) {
      const place = join(folder, placeOf(block));
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, /^(?:import|export)\b/m.test(block.code) ? block.code : `${block.code}export {};\n`);
    }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: STRICT, include: ["*/*.ts"] }));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is there", () => {
    expect(programs.length).toBeGreaterThan(5);
    expect(new Set(programs.map(placeOf)).size).toBe(programs.length);
  });

  it("compiles against the built packages, for a strict user", () => {
    const { stdout } = spawnSync(join(ROOT, "node_modules", ".bin", "tsc"), ["-p", folder], { cwd: folder, encoding: "utf8" });
    expect(stdout).toBe("");
  });

  const examples = programs.filter(({ info }) => info !== "" && exists(join("examples", info)));
  it.each(examples.map((block) => ({ name: `${block.page}:${block.line}`, block })))("$name is the example it names", ({ block }) => {
    expect(block.code).toBe(readFileSync(join(ROOT, "examples", block.info), "utf8"));
  });

  const runnable = programs.filter(({ info }) => info === "run");
  it.each(runnable.map((block) => ({ name: `${block.page}:${block.line}`, block })))("$name runs", ({ block }) => {
    const place = join(folder, placeOf(block));
    const { status, stderr } = spawnSync(process.execPath, [place], { cwd: dirname(place), encoding: "utf8", timeout: 20_000 });
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
  });
});

describe("commands in the pages", () => {
  const commands = BLOCKS.filter(({ language }) => ["sh", "bash", "shell", "console"].includes(language)).flatMap(({ page, line, code }) =>
    code
      .replaceAll(/\\\n\s*/g, "")
      .split("\n")
      .flatMap((text) => {
        const call = /(?:^|[|;&]\s*|\$ )(?:npx )?daybook ((?:[^|;&<>#"']|"[^"]*"|'[^']*')*)/.exec(text);
        return call === null ? [] : [{ where: `${page}:${line}`, command: call[1]!.trim() }];
      }),
  );

  it.each(commands)("$where: daybook $command", ({ command }) => {
    expect(refusalOf(command)).toBe("");
  });
});

type Command = ReturnType<typeof createProgram>;

/** The error of the command line for a command, without running it. */
function refusalOf(command: string): string {
  const program = createProgram(() => undefined);
  let said = "";
  const disarm = (each: Command) => {
    each.configureOutput({ writeErr: (text) => (said += text), writeOut: () => undefined });
    if (each.commands.length === 0) each.action(() => undefined);
    for (const inner of each.commands) disarm(inner);
  };
  disarm(program);
  const words = [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) => double ?? single ?? plain!);
  try {
    program.parse(words, { from: "user" });
    return "";
  } catch (cause) {
    const { code } = cause as { code?: string };
    return code === "commander.helpDisplayed" || code === "commander.help" || code === "commander.version" ? "" : said || String(cause);
  }
}

describe("links in the pages", () => {
  const anchors = new Map(PAGES.map((page) => [page, anchorsOf(page)]));

  it("lead to files and headings that exist", () => {
    const broken = PAGES.flatMap(innerLinks).filter(
      ({ path, anchor }) => !exists(path) || (anchor !== undefined && anchors.get(path)?.has(anchor) === false),
    );
    expect(broken.map(({ page, line, path, anchor }) => `${page}:${line} -> ${path}${anchor === undefined ? "" : `#${anchor}`}`)).toEqual(
      [],
    );
  });
});

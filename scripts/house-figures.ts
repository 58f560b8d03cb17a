/** Prints figures of the source code, and fails when one is above its limit: assertions, spread conditions, repeated lines. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

export const FIGURE_LIMITS = { assertionsPerThousandLines: 4, spreadConditions: 20, repeats: 4 } as const;

/** Fewest equal lines in a row that count as a repeat. */
const REPEATED_LINES = 6;

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface HouseFigures {
  readonly lines: number;
  /** Postfix `!` per 1,000 lines. */
  readonly assertionsPerThousandLines: number;
  /** `x === undefined ? {} : { x }`; `defined({ x })` says the same. */
  readonly spreadConditions: number;
  /** Pairs of places with at least six equal lines of code, as `a.ts:1 ~ b.ts:7`. */
  readonly repeats: readonly string[];
}

export function figuresOf(files: readonly SourceFile[]): HouseFigures {
  const lines = files.reduce((sum, { text }) => sum + text.trimEnd().split("\n").length, 0);
  const assertions = files.reduce((sum, { text }) => sum + assertionsIn(text), 0);
  const spreadConditions = files.reduce((sum, { text }) => sum + [...text.matchAll(/\? \{\} : \{/g)].length, 0);
  return { lines, assertionsPerThousandLines: (1_000 * assertions) / lines, spreadConditions, repeats: repeatsIn(files) };
}

function assertionsIn(text: string): number {
  let count = 0;
  const visit = (node: ts.Node): void => {
    if (ts.isNonNullExpression(node)) count++;
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("file.ts", text, ts.ScriptTarget.Latest));
  return count;
}

interface CodeLine {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** Lines that say something: no blank lines, comments, imports, exports from elsewhere or lone punctuation. */
function codeLines({ path, text }: SourceFile): CodeLine[] {
  const code: CodeLine[] = [];
  let inside = false;
  for (const [i, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (/^(?:import|export)\b[^;]*\{?$/.test(line) && !/^export (?:async )?(?:function|class|const|interface|type)\b/.test(line))
      inside = true;
    const skipped = inside || line === "" || /^(?:\/\/|\/?\*)/.test(line) || /^import\b/.test(line) || /^[^\w"'`]*$/.test(line);
    if (inside && line.endsWith(";")) inside = false;
    if (!skipped) code.push({ file: path, line: i + 1, text: line });
  }
  return code;
}

/** Each repeat is listed once, at its first six lines. */
function repeatsIn(files: readonly SourceFile[]): string[] {
  const code = files.map(codeLines);
  const places = new Map<string, { readonly lines: readonly CodeLine[]; readonly at: number }[]>();
  for (const lines of code) {
    for (let at = 0; at + REPEATED_LINES <= lines.length; at++) {
      const key = lines
        .slice(at, at + REPEATED_LINES)
        .map(({ text }) => text)
        .join("\n");
      const known = places.get(key);
      if (known === undefined) places.set(key, [{ lines, at }]);
      else known.push({ lines, at });
    }
  }
  const repeats: string[] = [];
  for (const found of places.values()) {
    for (const [i, first] of found.entries()) {
      for (const second of found.slice(i + 1)) {
        if (first.lines === second.lines && second.at - first.at < REPEATED_LINES) continue;
        // A longer run is one repeat: it is listed where it begins.
        const before = first.lines[first.at - 1]?.text;
        if (before !== undefined && before === second.lines[second.at - 1]?.text) continue;
        const [a, b] = [first.lines[first.at], second.lines[second.at]];
        repeats.push(`${a?.file}:${a?.line} ~ ${b?.file}:${b?.line}`);
      }
    }
  }
  return repeats;
}

function sources(): SourceFile[] {
  const packages = join(ROOT, "packages");
  return readdirSync(packages).flatMap((name) => {
    const src = join(packages, name, "src");
    return readdirSync(src, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
      .map((file) => ({ path: relative(ROOT, join(src, file)), text: readFileSync(join(src, file), "utf8") }));
  });
}

function check(): number {
  const { lines, assertionsPerThousandLines, spreadConditions, repeats } = figuresOf(sources());
  for (const repeat of repeats) console.log(`repeated: ${repeat}`);
  console.log(`source lines: ${lines}`);
  console.log(`\`!\` per 1,000 lines: ${assertionsPerThousandLines.toFixed(1)}, limit ${FIGURE_LIMITS.assertionsPerThousandLines}`);
  console.log(`\`? {} : {\`: ${spreadConditions}, limit ${FIGURE_LIMITS.spreadConditions}`);
  console.log(`repeats of ${REPEATED_LINES} lines: ${repeats.length}, limit ${FIGURE_LIMITS.repeats}`);
  const over =
    assertionsPerThousandLines >= FIGURE_LIMITS.assertionsPerThousandLines ||
    spreadConditions >= FIGURE_LIMITS.spreadConditions ||
    repeats.length > FIGURE_LIMITS.repeats;
  return over ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = check();

/** Fails when a page, a comment or a string uses a phrase of `words.ts`. Arguments limit the check to files and folders. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { LEFT_OUT, PHRASES } from "./words.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const NOT_OURS = new Set(["node_modules", "dist", ".git", ".turbo", "data"]);

/** Allows the phrases of its line. */
const MARKER = "words-allow";

const COMPILED = PHRASES.map(({ pattern, better }) => ({
  pattern: new RegExp(`(?<![\\w-])(?:${pattern.replaceAll(" ", "\\s+")})(?![\\w-])`, "gim"),
  better,
}));

export interface WordProblem {
  /** From 1. */
  readonly line: number;
  readonly phrase: string;
  readonly better: string;
}

/** Phrases to avoid in one file: everywhere in a page, in comments and strings of a source. */
export function wordProblems(file: string, text: string): WordProblem[] {
  const prose = /\.[mc]?[jt]s$/.test(file) ? proseOf(text) : text.replaceAll(/^[ >]+/gm, blanks);
  const lines = text.split("\n");
  return COMPILED.flatMap(({ pattern, better }) =>
    [...prose.matchAll(pattern)].map(({ index, 0: found }) => ({
      line: lineAt(text, index),
      phrase: found.replaceAll(/\s+/g, " "),
      better,
    })),
  )
    .filter(({ line }) => !lines[line - 1]!.includes(MARKER))
    .sort((a, b) => a.line - b.line);
}

const blanks = (text: string) => text.replaceAll(/[^\n]/g, " ");

const lineAt = (text: string, index: number) => text.slice(0, index).split("\n").length;

/** The text with blanks in place of its code: offsets stay, and a sentence over several lines of comment is one sentence. */
function proseOf(text: string): string {
  const source = ts.createSourceFile("source.ts", text, ts.ScriptTarget.Latest, false);
  const ranges = new Map<number, number>();
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      // One word is a name, such as the id of a user, and no prose.
      if (/\s/.test(node.text)) ranges.set(node.getStart(source), node.end);
    }
    const comments = [...(ts.getLeadingCommentRanges(text, node.pos) ?? []), ...(ts.getTrailingCommentRanges(text, node.end) ?? [])];
    for (const { pos, end } of comments) ranges.set(pos, end);
    for (const child of node.getChildren(source)) visit(child);
  };
  visit(source);
  let prose = "";
  for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
    if (from < prose.length) continue;
    prose += blanks(text.slice(prose.length, from)) + text.slice(from, to).replaceAll(/^\s*(?:\/\*\*?|\*(?!\/)|\/\/)/gm, blanks);
  }
  return prose + blanks(text.slice(prose.length));
}

/** Pages, sources and changesets, as paths in the repository. */
export function checkedFiles(): string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      const name = relative(ROOT, path);
      if (NOT_OURS.has(entry.name) || LEFT_OUT[name] !== undefined) continue;
      if (entry.isDirectory()) walk(path);
      else if (/\.(?:md|yml|[mc]?[jt]s)$/.test(entry.name) && !/\.d\.ts$|^pnpm-/.test(entry.name)) found.push(name);
    }
  };
  walk(ROOT);
  return found.sort();
}

function check(wanted: readonly string[]): number {
  const files = checkedFiles().filter((file) => wanted.length === 0 || wanted.some((path) => file === path || file.startsWith(`${path}/`)));
  const counts = { pages: 0, code: 0 };
  for (const file of files) {
    for (const { line, phrase, better } of wordProblems(file, readFileSync(join(ROOT, file), "utf8"))) {
      counts[/\.(?:md|yml)$/.test(file) ? "pages" : "code"]++;
      console.error(`${file}:${line}: "${phrase}"; better: ${better}`);
    }
  }
  const { pages, code } = counts;
  console.log(pages + code === 0 ? `words: ${files.length} files, plain` : `words: ${pages} phrases in pages, ${code} in code`);
  return pages + code === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = check(process.argv.slice(2).map((path) => path.replace(/\/$/, "")));

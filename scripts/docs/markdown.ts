/** Reads the pages of this repository: code blocks, links and headings. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** All pages, as paths in the repository. */
export function pages(): string[] {
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (["node_modules", "dist", ".git", ".turbo", ".changeset", "data", "shelf"].includes(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.name.endsWith(".md") && entry.name !== "CHANGELOG.md") found.push(relative(ROOT, path));
    }
  };
  walk(ROOT);
  return found.sort();
}

export interface CodeBlock {
  readonly page: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** Text after the language: the name of the file that the block is, or `run`. */
  readonly info: string;
  readonly code: string;
}

/** The fenced code of a page. */
export function codeBlocks(page: string, text = readFileSync(join(ROOT, page), "utf8")): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const fence = /^(\s*)(`{3,})(\S*)\s*(.*)$/.exec(lines[at]!);
    if (fence === null) continue;
    const [, indent, ticks, language, info] = fence as unknown as [string, string, string, string, string];
    const begin = at;
    const code: string[] = [];
    while (++at < lines.length && lines[at]!.trim() !== ticks) code.push(lines[at]!.slice(indent.length));
    blocks.push({ page, line: begin + 1, language, info: info.trim(), code: `${code.join("\n")}\n` });
  }
  return blocks;
}

export interface Link {
  readonly page: string;
  readonly line: number;
  /** Path in the repository; the page itself for a link to one of its own headings. */
  readonly path: string;
  readonly anchor: string | undefined;
}

/** Links of a page into the repository. */
export function innerLinks(page: string): Link[] {
  const links: Link[] = [];
  let inCode = false;
  readFileSync(join(ROOT, page), "utf8")
    .split("\n")
    .forEach((text, i) => {
      if (text.trimStart().startsWith("```")) inCode = !inCode;
      if (inCode) return;
      for (const [, target] of text.replace(/`[^`]*`/g, "").matchAll(/\]\(([^()\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target!)) continue;
        const [path, anchor] = target!.split("#", 2) as [string, string | undefined];
        links.push({ page, line: i + 1, path: path === "" ? page : join(page, "..", path), anchor });
      }
    });
  return links;
}

/** Anchors of a page, made from its headings as GitHub makes them. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, title] of readFileSync(join(ROOT, page), "utf8").matchAll(/^#+ (.*)$/gm)) {
    const anchor = title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(" ", "-");
    for (let n = 0; ; n++) {
      const numbered = n === 0 ? anchor : `${anchor}-${n}`;
      if (anchors.has(numbered)) continue;
      anchors.add(numbered);
      break;
    }
  }
  return anchors;
}

export const exists = (path: string): boolean => statSync(join(ROOT, path), { throwIfNoEntry: false }) !== undefined;

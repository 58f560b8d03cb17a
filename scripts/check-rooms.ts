/** Fails when a source folder, file or class is too large, or when a room imports one that is not below it. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { importsOf } from "./check-layers.ts";
import { LIMITS, LONG_CLASSES, ROOMS } from "./layers.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const sourcesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"));

const linesOf = (text: string) => text.trimEnd().split("\n").length;

/** The room of a path below `src`: its first folder, or the file itself. */
const roomOf = (file: string) => file.split("/", 1)[0]!;

/**
 * Everything wrong with the sizes in one source folder.
 * @param src folder with the sources of one package
 * @param allowed classes that may be longer, by name
 */
export function sizeProblems(src: string, allowed: Readonly<Record<string, string>>): string[] {
  const problems: string[] = [];
  const perFolder = new Map<string, number>();
  for (const file of sourcesBelow(src)) {
    const path = join(src, file);
    const folder = dirname(path);
    perFolder.set(folder, (perFolder.get(folder) ?? 0) + 1);
    const text = readFileSync(path, "utf8");
    const lines = linesOf(text);
    const where = relative(ROOT, path);
    if (lines > LIMITS.linesPerFile) problems.push(`${where} has ${lines} lines; split it, at most ${LIMITS.linesPerFile}`);
    for (const { name, lines: length } of classesOf(text)) {
      if (length > LIMITS.linesPerClass && allowed[name] === undefined)
        problems.push(`class ${name} in ${where} has ${length} lines; split it, at most ${LIMITS.linesPerClass}`);
    }
  }
  for (const [folder, files] of perFolder) {
    if (files > LIMITS.filesPerFolder)
      problems.push(`${relative(ROOT, folder)} has ${files} files; give it rooms, at most ${LIMITS.filesPerFolder}`);
  }
  return problems;
}

function classesOf(text: string): { readonly name: string; readonly lines: number }[] {
  const source = ts.createSourceFile("file.ts", text, ts.ScriptTarget.Latest);
  const line = (position: number) => source.getLineAndCharacterOfPosition(position).line;
  return source.statements
    .filter(ts.isClassDeclaration)
    .map((node) => ({ name: node.name?.text ?? "default", lines: line(node.end) - line(node.getStart(source)) + 1 }));
}

/**
 * Everything wrong with the imports between the rooms of one package.
 * @param floors rooms from the bottom floor to the top
 */
export function floorProblems(src: string, floors: readonly (readonly string[])[]): string[] {
  const floorOf = new Map(floors.flatMap((rooms, floor) => rooms.map((room) => [room, floor] as const)));
  const problems = new Set<string>();
  for (const file of sourcesBelow(src)) {
    const room = roomOf(file);
    const floor = floorOf.get(room) ?? (file.includes("/") ? undefined : floors.length);
    if (floor === undefined) {
      problems.add(`${relative(ROOT, join(src, room))} is in no floor of scripts/layers.ts`);
      continue;
    }
    for (const specifier of importsOf(readFileSync(join(src, file), "utf8"))) {
      if (!specifier.startsWith(".")) continue;
      const target = relative(src, resolve(src, dirname(file), specifier.split("?")[0]!));
      const other = roomOf(target);
      if (other === room) continue;
      const below = floorOf.get(other) ?? floors.length;
      const isFront = floor === floors.length && below === floors.length;
      if (below >= floor && !isFront) problems.add(`${relative(ROOT, join(src, file))} imports ${target}, which is not below it`);
    }
  }
  return [...problems];
}

function check(): number {
  const problems: string[] = [];
  let folders = 0;
  for (const group of ["packages", "apps"]) {
    for (const name of readdirSync(join(ROOT, group))) {
      const src = join(ROOT, group, name, "src");
      folders++;
      problems.push(...sizeProblems(src, LONG_CLASSES));
      const floors = ROOMS[name];
      if (group === "packages" && floors !== undefined) problems.push(...floorProblems(src, floors));
    }
  }
  if (Object.keys(LONG_CLASSES).length > 3) problems.push("LONG_CLASSES of scripts/layers.ts lists more than three classes");
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? `rooms: ${folders} source folders within their limits` : `rooms: ${problems.length} problems`);
  return problems.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = check();

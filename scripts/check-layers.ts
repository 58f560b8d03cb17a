/** Fails if a package imports one that its layer may not, or an undeclared one, or if its own modules form a cycle. */
import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { INSIDE, MAY_IMPORT } from "./layers.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SCOPE = "@daybook/";

export interface Layers {
  readonly [name: string]: readonly string[];
}

/** Modules a source file names in imports and exports, type-only ones included, and in `import()`. */
export function importsOf(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map((file) => file.fileName);
}

const sourcesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
    .map((file) => join(folder, file));

const packageName = (specifier: string) =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

/** Everything wrong with one package; `may` undefined lets it import any sibling. */
export function problemsOf(folder: string, may: readonly string[] | undefined): string[] {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const { dependencies = {}, peerDependencies = {} } = manifest;
  const declared = new Set([...Object.keys(dependencies), ...Object.keys(peerDependencies), ...(INSIDE[basename(folder)] ?? [])]);
  const problems: string[] = [];
  const graph = new Map<string, string[]>();
  for (const file of sourcesBelow(join(folder, "src"))) {
    const inner: string[] = [];
    for (const specifier of importsOf(readFileSync(file, "utf8"))) {
      const where = relative(ROOT, file);
      if (specifier.startsWith(".")) {
        inner.push(resolve(dirname(file), specifier.split("?")[0]!));
        continue;
      }
      if (isBuiltin(specifier)) continue;
      const name = packageName(specifier);
      if (may !== undefined && name.startsWith(SCOPE) && !may.includes(name.slice(SCOPE.length)))
        problems.push(`${where} imports ${name}, which its layer may not`);
      if (!declared.has(name)) problems.push(`${where} imports ${name}, which ${relative(ROOT, folder)}/package.json does not declare`);
    }
    graph.set(file, inner);
  }
  return [...problems, ...cyclesIn(graph).map((cycle) => `cycle: ${cycle.map((file) => relative(ROOT, file)).join(" -> ")}`)];
}

export function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      cycles.push([...path.slice(at), file]);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}

function check(): number {
  const problems: string[] = [];
  let packages = 0;
  for (const group of ["packages", "apps"]) {
    for (const name of readdirSync(join(ROOT, group))) {
      packages++;
      const free = group === "apps" || name === "cli";
      if (!free && MAY_IMPORT[name] === undefined) problems.push(`packages/${name} is not in scripts/layers.ts`);
      problems.push(...problemsOf(join(ROOT, group, name), free ? undefined : (MAY_IMPORT[name] ?? [])));
    }
  }
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? `layers: ${packages} packages, imports point one way` : `layers: ${problems.length} problems`);
  return problems.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = check();

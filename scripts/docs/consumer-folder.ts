/** A folder outside the workspace in which built packages and their peers can be imported by name. */
import { existsSync, mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./markdown.ts";

/** Options a strict user of the packages has. */
export const STRICT = {
  target: "es2024",
  lib: ["es2024"],
  module: "nodenext",
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
};

/**
 * Links the packages of the workspace and everything they have installed, and writes a manifest.
 * @throws {Error} if a package is not built
 */
export function fillConsumerFolder(folder: string): void {
  const modules = join(folder, "node_modules");
  const link = (name: string, target: string) => {
    const place = join(modules, name);
    if (existsSync(place)) return;
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(realpathSync(target), place);
  };
  const packages = join(ROOT, "packages");
  for (const name of readdirSync(packages)) {
    if (!existsSync(join(packages, name, "package.json"))) continue;
    if (!existsSync(join(packages, name, "dist"))) throw new Error(`packages/${name} is not built: run \`npx -y pnpm@12 build\` first.`);
    link(name === "cli" ? "daybook" : `@daybook/${name}`, join(packages, name));
  }
  for (const owner of [ROOT, ...readdirSync(packages).map((name) => join(packages, name)), join(ROOT, "apps", "demo")]) {
    for (const name of installedIn(join(owner, "node_modules")))
      if (!name.startsWith("@daybook/")) link(name, join(owner, "node_modules", name));
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
}

function installedIn(modules: string): string[] {
  if (!existsSync(modules)) return [];
  return readdirSync(modules)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) => (name.startsWith("@") ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name]));
}

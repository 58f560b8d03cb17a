import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { afterAll } from "vitest";
import { bundledModules, workspaceSource } from "../../../build/bundled-modules.ts";

const PACKAGE = fileURLToPath(new URL("../../../", import.meta.url));

/** Takes packages of the workspace from their sources, so that a test process never runs an outdated build. */
const workspaceSources: Plugin = {
  name: "workspace-sources",
  setup: ({ onResolve }) => {
    onResolve({ filter: /^@daybook\// }, ({ path }) => ({ path: workspaceSource(path) }));
  },
};

/**
 * Bundles a program with all imports into one file from which the SQLite driver can be resolved.
 * @param program file URL
 * @returns file URL; the file is deleted after the tests of the calling file
 */
export async function bundleProgram(program: string): Promise<string> {
  const folder = mkdtempSync(join(PACKAGE, "node_modules/.faults-"));
  // Processes of another user read it too.
  chmodSync(folder, 0o755);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const entry = fileURLToPath(program);
  const outfile = join(folder, basename(entry).replace(/\.ts$/, ".mjs"));
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22",
    external: ["better-sqlite3"],
    // CommonJS inside an ES module, because express and fastify are CommonJS.
    banner: { js: 'import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url);' },
    plugins: [workspaceSources, bundledModules],
    logLevel: "error",
  });
  return pathToFileURL(outfile).href;
}

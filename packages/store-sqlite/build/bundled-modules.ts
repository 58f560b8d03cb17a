import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const QUERY = "?bundled";

/** The module and everything it imports as one CommonJS script; what Node brings along stays outside. */
async function bundle(file: string): Promise<string> {
  const result = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    target: "node22",
    minify: true,
    legalComments: "none",
    external: ["better-sqlite3"],
    logOverride: { "empty-import-meta": "silent" },
    plugins: [siblingSources],
  });
  return result.outputFiles[0]!.text;
}

/** Source of an import such as `@daybook/core` or `@daybook/core/store`. */
export function workspaceSource(specifier: string): string {
  const [, name, entry = "index"] = specifier.split("/");
  return fileURLToPath(new URL(`../../${name}/src/${entry}.ts`, import.meta.url));
}

/** Takes workspace siblings from their sources, whether they are built or not. */
const siblingSources: Plugin = {
  name: "sibling-sources",
  setup: ({ onResolve }) => {
    onResolve({ filter: /^@daybook\/(core|ledger)(\/\w+)?$/ }, ({ path }) => ({ path: workspaceSource(path), sideEffects: false }));
  },
};

/** For tsup: `import code from "./thread.ts?bundled"` gives the text of the bundle. */
export const bundledModules: Plugin = {
  name: "bundled-modules",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /\?bundled$/ }, ({ path, resolveDir }) => ({
      path: fileURLToPath(new URL(path.slice(0, -QUERY.length), `file://${resolveDir}/`)),
      namespace: "bundled",
    }));
    onLoad({ filter: /.*/, namespace: "bundled" }, async ({ path }) => ({ contents: await bundle(path), loader: "text" }));
  },
};

/** The same for vitest. */
export const bundledModulesForVite = {
  name: "bundled-modules",
  enforce: "pre" as const,
  async load(id: string) {
    if (!id.endsWith(QUERY)) return undefined;
    return `export default ${JSON.stringify(await bundle(id.slice(0, -QUERY.length)))};`;
  },
};

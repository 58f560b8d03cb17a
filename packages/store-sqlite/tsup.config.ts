import { copyFile } from "node:fs/promises";
import { defineConfig, type Options } from "tsup";
import { library } from "../../tsup.base.ts";
import { bundledModules } from "./build/bundled-modules.ts";

const store: Options = {
  ...library,
  // What is marked as internal speaks of the types of the SQLite driver; declarations that name them ask every user for them.
  dts: library.dts && { compilerOptions: { stripInternal: true } },
  esbuildPlugins: [bundledModules],
  // Kysely's 300 files take 25 MB and a tenth of a second to load; as one file, a fifth of that.
  noExternal: ["kysely"],
};

// The two are built side by side: neither removes what the other has made.
export default defineConfig([
  {
    ...store,
    format: ["esm"],
    splitting: true,
    clean: ["!*.cjs", "!*.d.cts"],
    onSuccess: () => copyFile("node_modules/kysely/LICENSE", "dist/LICENSE-kysely"),
  },
  { ...store, format: ["cjs"], clean: ["!*.js", "!*.d.ts", "!LICENSE-*"] },
]);

import { defineConfig } from "tsup";
import { library } from "../../tsup.base.ts";
import { bundledModules } from "./build/bundled-modules.ts";

export default defineConfig({
  ...library,
  // What is marked as internal speaks of the types of the SQLite driver; declarations that name them ask every user for them.
  dts: library.dts && { compilerOptions: { stripInternal: true } },
  esbuildPlugins: [bundledModules],
});

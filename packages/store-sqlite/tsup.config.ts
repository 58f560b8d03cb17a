import { defineConfig } from "tsup";
import { library } from "../../tsup.base.ts";
import { bundledModules } from "./build/bundled-modules.ts";

export default defineConfig({ ...library, esbuildPlugins: [bundledModules] });

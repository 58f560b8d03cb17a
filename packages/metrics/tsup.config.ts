import { defineConfig } from "tsup";
import { library } from "../../tsup.base.ts";

/** Metrics at run time, and the generator of the monitoring stack, which applications do not load. */
export default defineConfig({ ...library, entry: ["src/index.ts", "src/stack.ts"] });

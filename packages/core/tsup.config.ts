import { defineConfig } from "tsup";
import { library } from "../../tsup.base.ts";

/** Three front doors over shared chunks, so that a class has one identity whichever door it is imported through. */
export default defineConfig({ ...library, entry: ["src/index.ts", "src/store.ts", "src/http.ts"], splitting: true });

import { defineConfig } from "tsup";
import { library } from "../../tsup.base.ts";

// The CommonJS build has no `import.meta`, which the default store is looked up from.
export default defineConfig({ ...library, shims: true });

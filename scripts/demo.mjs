/** `pnpm demo`: builds the packages and starts Alexandria. Arguments: see apps/demo/README.md. */
import { build, run } from "./run.mjs";

process.env.DAYBOOK_DECLARATIONS ??= "none";
build("@daybook/demo^...", "daybook");
process.exit(run(process.execPath, ["apps/demo/src/main.ts", ...process.argv.slice(2)]));

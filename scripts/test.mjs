/** `pnpm test`: builds the programs that tests start, then runs all tests. Arguments are passed on to vitest. */
import { build, run } from "./run.mjs";

build();
process.exit(run("vitest", ["run", ...process.argv.slice(2)]));

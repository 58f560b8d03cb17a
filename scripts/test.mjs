/** `pnpm test`: builds the programs that tests start, then runs all tests. Arguments are passed on to vitest. */
import { build, run } from "./run.mjs";

build();
const report = process.env.TEST_REPORT;
const reporters = report ? ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`] : [];
process.exit(run("vitest", ["run", ...reporters, ...process.argv.slice(2)]));

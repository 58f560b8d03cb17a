/**
 * `pnpm node-versions`, after a build: runs the core part of the test suite on the oldest and the newest Node that are supported.
 * The whole suite runs on the one between.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, run } from "./run.mjs";

const VERSIONS = ["22", "26"];
const TESTS = [
  "packages/core/test/recording.test.ts",
  "packages/core/test/process-end.test.ts",
  "packages/ledger/test/golden-entries.test.ts",
  "packages/ledger/test/proofs.test.ts",
  "packages/store-sqlite/test/contract.test.ts",
  "packages/express/test/default-store.test.ts",
  "packages/fastify/test/default-store.test.ts",
];

const folder = mkdtempSync(join(tmpdir(), "daybook-node-"));
let failed = 0;
try {
  for (const version of VERSIONS) {
    const prefix = join(folder, version);
    execFileSync("npm", ["install", "--prefix", prefix, "--no-audit", "--no-fund", "--silent", `node@${version}`], { stdio: "inherit" });
    const node = join(prefix, "node_modules", "node", "bin", "node");
    console.log(`== Node ${execFileSync(node, ["--version"], { encoding: "utf8" }).trim()}`);
    const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
    const path = `${join(prefix, "node_modules", "node", "bin")}:${process.env.PATH}`;
    if (run(node, [vitest, "run", ...TESTS, "--reporter=dot"], { env: { PATH: path, NO_COLOR: "1" } }) !== 0) failed++;
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(failed === 0 ? `node versions: core tests pass on Node ${VERSIONS.join(" and ")}` : `node versions: ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

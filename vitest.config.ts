import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { bundledModulesForVite } from "./packages/store-sqlite/build/bundled-modules.ts";
import RetryReporter from "./scripts/retry-reporter.ts";

const packages = fileURLToPath(new URL("./packages/", import.meta.url));

/** With `TEST_REPORT`, CI also gets the results as JSON, and the names of the tests that passed only after a retry. */
function reporters(): Pick<NonNullable<ViteUserConfig["test"]>, "reporters" | "outputFile"> {
  const report = process.env.TEST_REPORT;
  if (!report) return {};
  return { reporters: ["default", "json", new RetryReporter({ path: `${report}.retried` })], outputFile: { json: report } };
}

export default defineConfig({
  plugins: [bundledModulesForVite],
  resolve: {
    alias: [
      { find: /^@daybook\/([\w-]+)\/(\w+)$/, replacement: `${packages}$1/src/$2.ts` },
      { find: /^@daybook\/([\w-]+)$/, replacement: `${packages}$1/src/index.ts` },
    ],
  },
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "apps/*/test/**/*.test.ts",
      "examples/test/**/*.test.ts",
      "scripts/test/**/*.test.ts",
      "bench/test/**/*.test.ts",
    ],
    pool: "forks",
    // Many tests wait for timers, signals and disks: one file at a time would leave a small machine idle.
    maxWorkers: Math.max(2, availableParallelism()),
    // The cache does not know the sources of the bundled writer thread, and would keep an old one.
    fsModuleCache: false,
    testTimeout: 60_000,
    // CI shares its machine among tests with real browsers, signals and disks. It prints every test that needed a retry.
    retry: process.env.CI ? 2 : 0,
    hookTimeout: 60_000,
    ...reporters(),
  },
});

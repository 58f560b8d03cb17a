import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { bundledModulesForVite } from "./packages/store-sqlite/build/bundled-modules.ts";

const packages = fileURLToPath(new URL("./packages/", import.meta.url));

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
    // The cache knows nothing of what the bundled writer thread is made of, and would go on with an old one.
    fsModuleCache: false,
    testTimeout: 60_000,
    // Tests with real browsers, signals and disks share a machine with others there; what fails twice is said.
    retry: process.env.CI ? 2 : 0,
    hookTimeout: 60_000,
  },
});

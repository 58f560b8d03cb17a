import { defineConfig } from "vitest/config";
import { fileURLToPath } from "node:url";

const source = (name: string) => fileURLToPath(new URL(`./packages/${name}/src/index.ts`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: Object.fromEntries(
      ["core", "ledger", "store-sqlite", "testkit", "express", "fastify"].map((name) => [`@daybook/${name}`, source(name)]),
    ),
  },
  test: {
    include: ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts", "scripts/test/**/*.test.ts"],
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});

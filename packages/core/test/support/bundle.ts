import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { afterAll } from "vitest";

const ENTRY = fileURLToPath(new URL("../../src/index.ts", import.meta.url));

/** One file with all of core, as a bundler of the application would make it; it is gone when the tests of the calling file are over. */
export function bundleCore(format: "esm" | "cjs"): string {
  const folder = mkdtempSync(join(tmpdir(), "daybook-bundle-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, format === "esm" ? "core.mjs" : "core.cjs");
  buildSync({ entryPoints: [ENTRY], outfile, format, bundle: true, platform: "node", target: "node22", logLevel: "error" });
  return outfile;
}

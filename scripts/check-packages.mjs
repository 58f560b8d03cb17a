/** Packs every published package as npm would, compares its size with its budget, and lets publint and attw judge it. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, run } from "./run.mjs";
import { SIZE_BUDGETS } from "./size-budgets.mjs";

/** Scripts that npm runs on the machine of a user who installs a package. */
const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall", "prepare"];

/** What publint does not ask for. */
function manifestProblems({ scripts = {}, engines, publishConfig, bin, sideEffects, peerDependencies = {}, peerDependenciesMeta = {} }) {
  return [
    ...INSTALL_SCRIPTS.filter((name) => name in scripts).map((name) => `runs a script at installation: ${name}`),
    ...(publishConfig?.provenance === true && publishConfig.access === "public" ? [] : ["is not published publicly with provenance"]),
    ...(engines?.node === undefined ? ["does not say which Node it needs"] : []),
    ...(bin === undefined && sideEffects !== false ? ["does not say that it has no side effects"] : []),
    ...Object.keys(peerDependenciesMeta)
      .filter((name) => !(name in peerDependencies))
      .map((name) => `says something about ${name}, which is no peer`),
  ];
}

const kB = (bytes) => `${(bytes / 1_000).toFixed(0)} kB`;

const folder = mkdtempSync(join(tmpdir(), "daybook-packages-"));
const sizes = [];
let failed = 0;
try {
  for (const name of readdirSync(join(ROOT, "packages"))) {
    const where = join(ROOT, "packages", name);
    const manifest = JSON.parse(readFileSync(join(where, "package.json"), "utf8"));
    if (manifest.private) continue;
    for (const problem of manifestProblems(manifest)) {
      console.error(`packages/${name}/package.json: ${problem}`);
      failed++;
    }
    const files = new Set(readdirSync(where));
    for (const needed of ["README.md", "LICENSE"]) {
      if (!files.has(needed)) {
        console.error(`packages/${name} has no ${needed}`);
        failed++;
      }
    }
    const output = execFileSync("npm", ["pack", "--pack-destination", folder, "--json", "--silent"], { cwd: where, encoding: "utf8" });
    const [{ filename, size, unpackedSize }] = JSON.parse(output);
    const tarball = join(folder, filename);
    const [packed, unpacked] = SIZE_BUDGETS[name] ?? [0, 0];
    const within = size <= packed * 1_000 && unpackedSize <= unpacked * 1_000;
    if (!within) failed++;
    sizes.push(
      `${manifest.name.padEnd(22)} ${kB(size).padStart(7)} of ${packed} packed, ${kB(unpackedSize).padStart(7)} of ${unpacked} unpacked${within ? "" : "  OVER BUDGET"}`,
    );
    if (run("publint", ["run", where, "--strict"]) !== 0) failed++;
    // Resolution without `exports`, as before Node 12, cannot find entry points such as @daybook/core/store; no supported Node does it.
    if (manifest.exports["."] !== undefined && run("attw", [tarball, "--format", "ascii", "--profile", "node16"]) !== 0) failed++;
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(sizes.join("\n"));
console.log(failed === 0 ? "packages: publint and attw found no problems, all within their size budget" : `packages: ${failed} problems`);
process.exit(failed === 0 ? 0 : 1);

/** Packs every published package as npm would and lets publint and attw judge the tarballs. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, run } from "./run.mjs";

const folder = mkdtempSync(join(tmpdir(), "daybook-packages-"));
let failed = 0;
try {
  for (const name of readdirSync(join(ROOT, "packages"))) {
    const where = join(ROOT, "packages", name);
    const manifest = JSON.parse(readFileSync(join(where, "package.json"), "utf8"));
    if (manifest.private) continue;
    const files = new Set(readdirSync(where));
    for (const needed of ["README.md", "LICENSE"]) {
      if (!files.has(needed)) {
        console.error(`packages/${name} has no ${needed}`);
        failed++;
      }
    }
    execFileSync("npm", ["pack", "--pack-destination", folder, "--silent"], { cwd: where });
    const tarball = join(folder, `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`);
    if (run("publint", ["run", where, "--strict"]) !== 0) failed++;
    if (manifest.exports["."] !== undefined && run("attw", [tarball, "--format", "ascii"]) !== 0) failed++;
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(failed === 0 ? "packages: publint and attw found no problems" : `packages: ${failed} problems`);
process.exit(failed === 0 ? 0 : 1);

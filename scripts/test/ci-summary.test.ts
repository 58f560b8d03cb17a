import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";

const SCRIPTS = fileURLToPath(new URL("..", import.meta.url));
const VITEST = join(SCRIPTS, "..", "node_modules", "vitest", "vitest.mjs");
const made: string[] = [];

function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "ci-summary-")));
  made.push(folder);
  return folder;
}

afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

describe("the end of a CI run", () => {
  const report = (passed: number, failed: number, broken = 0) =>
    JSON.stringify({
      numPassedTests: passed,
      numFailedTests: failed,
      testResults: Array.from({ length: broken }, () => ({ status: "failed", assertionResults: [] })),
    });

  it.each([
    ["a clean run", report(7, 0), "", "0", "0", "0 tests passed only after a retry\n7 passed, 0 failed\n", 0],
    ["a failed test", report(7, 2), "", "1", "0", "0 tests passed only after a retry\n7 passed, 2 failed\n", 1],
    ["a failed gate", report(7, 0), "", "0", "1", "0 tests passed only after a retry\n7 passed, 1 failed\n", 1],
    ["a file that did not load", report(7, 0, 1), "", "1", "0", "0 tests passed only after a retry\n7 passed, 1 failed\n", 1],
    ["a crash of the runner", undefined, undefined, "1", "0", "0 tests passed only after a retry\n0 passed, 1 failed\n", 1],
    [
      "a retried test",
      report(7, 0),
      "a.test.ts > b\n",
      "0",
      "0",
      "1 tests passed only after a retry:\n  a.test.ts > b\n7 passed, 0 failed\n",
      0,
    ],
  ])("of %s", (_, json, retried, status, gates, stdout, exit) => {
    const folder = temporaryFolder();
    if (json !== undefined) writeFileSync(join(folder, "report.json"), json);
    if (retried !== undefined) writeFileSync(join(folder, "retried"), retried);
    const args = [join(SCRIPTS, "ci-summary.mjs"), join(folder, "report.json"), join(folder, "retried"), status, gates];
    const run = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect({ stdout: run.stdout, status: run.status }).toEqual({ stdout, status: exit });
  });

  it("names tests that a real run had to retry", { timeout: 60_000 }, () => {
    const folder = temporaryFolder();
    const vitest = JSON.stringify(pathToFileURL(join(SCRIPTS, "..", "node_modules", "vitest", "dist", "index.js")).href);
    writeFileSync(
      join(folder, "some.test.mjs"),
      `import { expect, it } from ${vitest};\nlet runs = 0;\nit("flaky", () => expect(++runs).toBe(2));\nit("steady", () => expect(1).toBe(1));\n`,
    );
    const reporter = JSON.stringify(pathToFileURL(join(SCRIPTS, "retry-reporter.ts")).href);
    const path = join(folder, "retried");
    writeFileSync(
      join(folder, "vitest.config.mjs"),
      `import RetryReporter from ${reporter};\nexport default { test: { retry: 2, include: ["*.test.mjs"], reporters: [new RetryReporter({ path: ${JSON.stringify(path)} })] } };\n`,
    );
    const { status } = spawnSync(process.execPath, [VITEST, "run", "--root", folder], { encoding: "utf8", cwd: folder });
    expect({ status, retried: readFileSync(path, "utf8") }).toEqual({ status: 0, retried: "some.test.mjs > flaky\n" });
  });
});

import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { answerOf, daybook, startDaybook } from "./support/run-daybook.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { readsOf, textNoted, trailWith } from "./support/trail.ts";

const RECORDS = 120_000;
const AT_ONCE = 4_000;
/** Who did all of it. */
const READER = "sabo";

let path: string;

beforeAll(async () => {
  // Not the folder of a test: all tests of this file read it.
  const folder = mkdtempSync(join(tmpdir(), "daybook-large-"));
  path = await trailWith(
    async (audit) => {
      for (let i = 0; i < RECORDS; i++) {
        audit.record(textNoted, {
          actor: { kind: "user", id: READER },
          data: { text: `Record ${i} of a trail that does not fit into a small memory. ${"x".repeat(100)}` },
        });
        if (i % AT_ONCE === 0) await audit.flush();
      }
    },
    { path: join(folder, "audit.db") },
  );
  return () => rmSync(folder, { recursive: true });
}, 120_000);

/** Runs a report and watches its memory. @returns the printed lines and the largest resident size */
async function measured(args: readonly string[]): Promise<{ lines: number; maxRssMiB: number }> {
  const folder = temporaryFolder();
  const [watch, result, output] = [join(folder, "watch.mjs"), join(folder, "result"), join(folder, "output")];
  writeFileSync(
    watch,
    `import { writeFileSync } from "node:fs"; process.on("exit", () => writeFileSync(${JSON.stringify(result)}, String(process.resourceUsage().maxRSS)));`,
  );
  const { status } = await daybook(["report", "--db", path, ...args, "--output", output], { env: { NODE_OPTIONS: `--import ${watch}` } });
  expect(status).toBe(0);
  return { lines: readFileSync(output, "utf8").split("\n").length - 1, maxRssMiB: Number(readFileSync(result, "utf8")) / 1024 };
}

describe("a report over more than a hundred thousand records", () => {
  it("needs no more memory for three times the records", async () => {
    const third = await measured(["--format", "ndjson", "--limit", String(RECORDS / 3)]);
    const all = await measured(["--format", "ndjson"]);
    console.log(`memory: ${third.maxRssMiB.toFixed(0)} MiB for ${third.lines} records, ${all.maxRssMiB.toFixed(0)} MiB for ${all.lines}`);
    expect(third.lines).toBe(RECORDS / 3);
    expect(all.lines).toBeGreaterThan(RECORDS);
    // Kept, these 80 000 records would take more than a KiB each.
    expect(all.maxRssMiB - third.maxRssMiB).toBeLessThan(32);
  });

  it("ends quietly after its reader, and is recorded", async () => {
    const before = (await readsOf(path)).length;
    const child = startDaybook(["report", "--db", path, "--format", "csv"]);
    child.stdin.end();
    const answer = answerOf(child);
    await once(child.stdout, "data");
    child.stdout.destroy();
    expect(await answer).toMatchObject({ status: 0, signal: null, stderr: "" });
    const reads = (await readsOf(path)) as { records: number }[];
    expect(reads).toHaveLength(before + 1);
    expect(reads.at(-1)!.records).toBeLessThan(RECORDS);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("leaves the former file after %s", async (signal) => {
    const folder = temporaryFolder();
    const file = join(folder, "report.csv");
    writeFileSync(file, "yesterday");
    const before = (await readsOf(path)).length;
    const child = startDaybook(["report", "--db", path, "--format", "csv", "--output", file]);
    child.stdin.end();
    const answer = answerOf(child);
    while (!readdirSync(folder).some((name) => name.endsWith(".unfinished"))) await wait(5);
    await wait(100);
    child.kill(signal);
    expect(await answer).toMatchObject({ status: null, signal });
    expect(readdirSync(folder)).toEqual(["report.csv"]);
    expect(readFileSync(file, "utf8")).toBe("yesterday");
    expect(await readsOf(path)).toHaveLength(before + 1);
  });
});

describe("Ctrl+C in the middle of other files", () => {
  /** Starts a verb and ends it by Ctrl+C when the folder has an unfinished file. @returns the remaining files */
  async function leftBehind(folder: string, args: readonly string[]): Promise<string[]> {
    const child = startDaybook([...args, "--db", path]);
    child.stdin.end();
    const answer = answerOf(child);
    while (!readdirSync(folder).some((name) => name.endsWith(".unfinished"))) await wait(1);
    child.kill("SIGINT");
    expect(await answer).toMatchObject({ status: null, signal: "SIGINT" });
    return readdirSync(folder);
  }

  it("leaves no half-written backup", async () => {
    const folder = temporaryFolder();
    expect(await leftBehind(folder, ["backup", join(folder, "copy.db")])).toEqual([]);
  });

  it("leaves no half-written package about a person", async () => {
    const folder = temporaryFolder();
    expect(await leftBehind(folder, ["gdpr", "export", "--user", READER, "--output", join(folder, "package")])).toEqual([]);
  });
});

/**
 * `pnpm bench [name...]`: measures what Daybook costs against what a team would use instead, both sides in turns in one run.
 * Names are goals (`P5`) or groups (`growth`); none means all. `pnpm bench profile` prints where the time of a request goes instead.
 *
 * - `--short`: small sizes
 * - `--json`: results as JSON
 * - `--docs`: writes docs/performance.md; with `profile`, only its section
 * - `--against REV [name...]`: compares Daybook's side with that of another revision
 * - `--no-build`: uses the packages of the last build
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "../scripts/run.mjs";
import { compareWith } from "./against.ts";
import { GOALS } from "./goals/index.ts";
import type { GrowthRow } from "./measure/bench.ts";
import { FULL, type Judged, judged, SHORT } from "./measure/goal.ts";
import { machine } from "./measure/machine.ts";
import { TwoLogs } from "./measure/two-logs.ts";
import { profile } from "./profile.ts";
import { profileTables, withProfile } from "./profile-report.ts";
import { asJson, asPage, asTable } from "./report.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    short: { type: "boolean", default: false },
    docs: { type: "boolean", default: false },
    "no-build": { type: "boolean", default: false },
    /** A revision of git. */
    against: { type: "string" },
    /** Where the databases are made. */
    folder: { type: "string", default: tmpdir() },
  },
});

const begun = performance.now();
const say = (text: string) => process.stderr.write(`${((performance.now() - begun) / 1_000).toFixed(0).padStart(5)} s  ${text}\n`);
const sizes = values.short ? SHORT : FULL;
const wanted = positionals.map((name) => name.toLowerCase());
const page = fileURLToPath(new URL("../docs/performance.md", import.meta.url));

const isProfile = wanted.length === 1 && wanted[0] === "profile";
if (!isProfile && values.docs && (values.short || wanted.length > 0)) {
  process.stderr.write("docs/performance.md is written from a full run of everything.\n");
  process.exit(2);
}
const chosen = GOALS.filter(
  ({ ids, name }) => wanted.length === 0 || wanted.includes(name) || ids.some((id) => wanted.includes(id.toLowerCase())),
).toSorted((a, b) => a.at(sizes) - b.at(sizes));
if (!isProfile && chosen.length === 0) {
  const names = new Set(GOALS.flatMap(({ name, ids }) => [name, ...ids]));
  process.stderr.write(`Unknown: ${positionals.join(", ")}. Names are profile, ${[...names].join(", ")}.\n`);
  process.exit(2);
}

if (!values["no-build"]) build("daybook-bench^...");
if (values.short) say("short run: small sizes, for a first look; a goal whose bounds are set for a larger size gets no verdict");

if (values.against !== undefined) process.stdout.write(await compareWith(values.against, wanted, sizes, values.folder, say));
else if (isProfile) await runProfile();
else await runGoals();
say("done");

async function runProfile(): Promise<void> {
  const measured = await profile(sizes, values.folder, say);
  process.stdout.write(profileTables(measured));
  if (values.docs) writeFileSync(page, withProfile(readFileSync(page, "utf8"), measured));
}

async function runGoals(): Promise<void> {
  const folder = mkdtempSync(join(values.folder, "daybook-bench-"));
  const needsPlain = chosen.some(({ needsPlainTable }) => needsPlainTable);
  const logs = new TwoLogs(folder, sizes, needsPlain, say);
  const growth: GrowthRow[] = [];
  const results: Judged[] = [];
  const failures: string[] = [];
  try {
    for (const goal of chosen) {
      say(`${goal.name} (${goal.ids.join(", ")})`);
      try {
        const measured = await goal.run({ sizes, folder, logs, progress: say, grown: (row) => growth.push(row) });
        for (const result of measured.map(judged)) {
          results.push(result);
          say(`${result.id}${result.part === undefined ? "" : ` ${result.part}`}: ${result.ratio.median.toFixed(2)}x ${result.verdict}`);
        }
      } catch (cause) {
        // The other goals of a long run are still worth their time.
        failures.push(`${goal.name} (${goal.ids.join(", ")}) failed: ${cause instanceof Error ? cause.message : String(cause)}`);
        say(failures.at(-1)!);
      }
    }
  } finally {
    await logs.close();
    rmSync(folder, { recursive: true, force: true });
  }
  results.sort((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }));

  if (values.json) process.stdout.write(`${JSON.stringify(asJson(results, growth, sizes))}\n`);
  else process.stdout.write(asTable(results, growth, sizes, machine()));
  if (failures.length > 0) {
    process.stderr.write(`${failures.join("\n")}\n`);
    // Sides of a failed goal may still run; they end with this process.
    process.exit(1);
  }
  if (values.docs) writeFileSync(page, asPage(results, growth, machine(), await profile(sizes, values.folder, say)));
}

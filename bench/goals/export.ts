import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Goal } from "../measure/bench.ts";
import { type CommandRun, runInto } from "../measure/command.ts";
import { FULL, type Measurement, type Size } from "../measure/goal.ts";
import { linesOf } from "../measure/lines.ts";
import { sqliteShellVersion } from "../measure/machine.ts";
import { median } from "../measure/ratio.ts";

const cli = () => join(dirname(createRequire(import.meta.url).resolve("daybook/package.json")), "dist", "daybook.js");

/** Most resident bytes an export may have, whatever its size. */
const MOST_RESIDENT = 120e6;

export const exportLog: Goal = {
  ids: ["P10"],
  name: "export",
  at: ({ whole }) => whole,
  run: async ({ sizes, folder, logs, progress }) => {
    if (sqliteShellVersion() === undefined) throw new Error("P10 needs the sqlite3 command (Debian package sqlite3)");
    await logs.reach(sizes.whole);
    const file = (name: string) => join(folder, name);
    const rounds = Math.min(3, sizes.rounds);
    const measurements: Measurement[] = [];
    let peak = 0;
    const size: Size = { amount: logs.size, unit: "events", setFor: FULL.whole };
    for (const [format, step] of [
      ["csv", 1.5],
      ["ndjson", 1.75],
    ] as const) {
      const ours: CommandRun[] = [];
      const theirs: CommandRun[] = [];
      for (let round = 0; round < rounds; round++) {
        theirs.push(await runInto(file("shell.csv"), ["sqlite3", "-csv", "-header", logs.ledgerPath, "SELECT * FROM audit_log"]));
        ours.push(
          await runInto(file(`daybook.${format}`), [process.execPath, cli(), "report", "--db", logs.ledgerPath, "--format", format]),
        );
        progress(`${format}: ${(ours.at(-1)!.wallMs / theirs.at(-1)!.wallMs).toFixed(2)}x`);
      }
      const printed = await linesOf(file("shell.csv"));
      if (printed < logs.size) throw new Error(`the shell printed ${printed} lines for ${logs.size} events`);
      const rows = await linesOf(file(`daybook.${format}`));
      if (rows < logs.size) throw new Error(`the ${format} has ${rows} lines for ${logs.size} events`);
      peak = Math.max(peak, ...ours.map(({ peakRss }) => peakRss ?? 0));
      const cpu = ours.flatMap(({ cpuUs }) => (cpuUs === undefined ? [] : [cpuUs / logs.size]));
      measurements.push({
        id: "P10",
        part: format,
        goal: `${format.toUpperCase()} of 1M events in at most ${step}x the time`,
        step: { most: step },
        floor: { most: 2 },
        against: "`sqlite3 -csv` of the view audit_log in the same file",
        ratios: ours.map(({ wallMs }, i) => wallMs / theirs[i]!.wallMs),
        size,
        work: { ours: { lines: rows * rounds }, theirs: { lines: printed * rounds } },
        ...(cpu.length === 0 ? {} : { cpuUs: median(cpu) }),
        ...(peak === 0 ? {} : { memory: peak }),
        note: `${(median(ours.map(({ wallMs }) => wallMs)) / 1_000).toFixed(1)} s for ${Math.round(ours[0]!.outputBytes / 1e6)} MB, the shell ${(median(theirs.map(({ wallMs }) => wallMs)) / 1_000).toFixed(1)} s for ${Math.round(theirs[0]!.outputBytes / 1e6)} MB`,
      });
      for (const name of ["shell.csv", `daybook.${format}`]) rmSync(file(name));
    }
    if (peak > 0) {
      measurements.push({
        id: "P10",
        part: "memory",
        goal: "an export keeps at most 120 MB resident, whatever its size",
        step: { most: 1 },
        against: "120 MB",
        ratios: [peak / MOST_RESIDENT],
        once: true,
        size,
        memory: peak,
        note: `${Math.round(peak / 1e6)} MB at most`,
      });
    }
    return measurements;
  },
};

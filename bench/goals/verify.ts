import type { Goal } from "../measure/bench.ts";
import { FULL } from "../measure/goal.ts";
import { median, sum } from "../measure/ratio.ts";
import { type Measured, startSide } from "../measure/side.ts";
import { expectStored } from "../measure/two-logs.ts";

export const verifyLog: Goal = {
  ids: ["P9"],
  name: "verify",
  at: ({ whole }) => whole,
  run: async ({ sizes, logs, progress }) => {
    await logs.reach(sizes.whole);
    const ledger = await logs.ledger();
    const floor = await startSide("floor");
    const rounds = Math.min(3, sizes.rounds);
    const ours: Measured<{ verdict: string; entries: number }>[] = [];
    const theirs: Measured<number>[] = [];
    for (let round = 0; round < rounds; round++) {
      const read = await floor.call<number>("readAndHash", logs.ledgerPath);
      const verified = await ledger.call<{ verdict: string; entries: number }>("verify");
      if (verified.value.verdict !== "intact") throw new Error(`the log is ${verified.value.verdict}`);
      expectStored("verify", verified.value.entries, read.value);
      ours.push(verified);
      theirs.push(read);
      progress(`verify: ${(verified.cpuUs / read.cpuUs).toFixed(2)}x`);
    }
    await floor.end();
    const rows = theirs[0]!.value;
    return [
      {
        id: "P9",
        goal: "verify a log of 1M events in at most 2.5x the CPU",
        step: { most: 2.5 },
        floor: { most: 3 },
        against: "reading the same rows and hashing their bytes once",
        ratios: ours.map(({ cpuUs }, i) => cpuUs / theirs[i]!.cpuUs),
        size: { amount: logs.size, unit: "events", setFor: FULL.whole },
        work: { ours: { events: sum(ours.map(({ value }) => value.entries)) }, theirs: { rows: sum(theirs.map(({ value }) => value)) } },
        cpuUs: median(ours.map(({ cpuUs }) => cpuUs / rows)),
        note: `${rows} entries, ${Math.round(rows / (median(ours.map(({ wallMs }) => wallMs)) / 1_000))}/s; wall ${median(ours.map(({ wallMs }, i) => wallMs / theirs[i]!.wallMs)).toFixed(2)}x; the read takes ${(median(theirs.map(({ cpuUs }) => cpuUs)) / rows).toFixed(1)} us of CPU an entry`,
      },
    ];
  },
};

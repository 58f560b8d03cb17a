import { join } from "node:path";
import type { Goal } from "../measure/bench.ts";
import { FULL, type Size } from "../measure/goal.ts";
import { median, sum } from "../measure/ratio.ts";
import { type Measured, startSide } from "../measure/side.ts";
import type { Expired } from "../sides/expiry.ts";
import { BUSY_READERS } from "../sides/sample-events.ts";

export const erasePerson: Goal = {
  ids: ["P11"],
  name: "erase",
  needsPlainTable: true,
  at: ({ points }) => points[2] + 1,
  run: async ({ sizes, logs, progress }) => {
    await logs.reach(sizes.points[2]);
    const ledger = await logs.ledger();
    const plain = await logs.plain();
    const ours: Measured<{ erased: number; state: string }>[] = [];
    const theirs: Measured<number>[] = [];
    for (const reader of BUSY_READERS) {
      const deleted = await plain.call<number>("erase", reader);
      const erased = await ledger.call<{ erased: number; state: string }>("erase", reader);
      // Events about access are kept on request by default (docs/ledger.md): the other classes have to go.
      if (erased.value.state !== "proven" || erased.value.erased < deleted.value / 2)
        throw new Error(`${erased.value.erased} parts of ${deleted.value} events are ${erased.value.state}`);
      ours.push(erased);
      theirs.push(deleted);
      progress(`erase: ${(erased.wallMs / deleted.wallMs).toFixed(2)}x`);
    }
    const perPart = ours.map(({ wallMs, value }, i) => wallMs / value.erased / (theirs[i]!.wallMs / theirs[i]!.value));
    return [
      {
        id: "P11",
        goal: "erase a person of 100k events in 5M, physically proven, in at most 1.5x the time for each event",
        step: { most: 1.5 },
        floor: { most: 2 },
        against: "a plain DELETE of the person's rows, whose bytes stay in the file",
        ratios: perPart,
        size: { amount: logs.size, unit: "events", setFor: FULL.points[2] },
        work: { ours: { events: sum(ours.map(({ value }) => value.erased)) }, theirs: { rows: sum(theirs.map(({ value }) => value)) } },
        cpuUs: median(ours.map(({ cpuUs, value }) => cpuUs / value.erased)),
        note: `${ours[0]!.value.erased} parts in ${(median(ours.map(({ wallMs }) => wallMs)) / 1_000).toFixed(2)} s and proven to be gone; ${theirs[0]!.value} rows deleted in ${(median(theirs.map(({ wallMs }) => wallMs)) / 1_000).toFixed(2)} s, in a log of ${logs.size}`,
      },
    ];
  },
};

export const expireOldest: Goal = {
  ids: ["P12"],
  name: "expiry",
  needsPlainTable: true,
  at: ({ points }) => points[2] + 2,
  run: async ({ sizes, folder, logs }) => {
    await logs.reach(sizes.points[2]);
    const rows = Math.floor(sizes.points[2] / 5);
    const deleted = await (await logs.plain()).call<{ removed: number; longestMs: number }>("expire", rows);
    // The clock of the growing log is that of the machine, so its events have no age; what is young costs an expiry nothing.
    const side = await startSide("expiry");
    await side.call("fill", join(folder, "expiry", "audit.db"), rows, Math.floor(rows / 4));
    const expired = await side.call<Expired>("expire");
    await side.call("close");
    await side.end();
    const { removed, state, longestMs } = expired.value;
    if (state !== "proven" || removed < rows * 0.9) throw new Error(`${removed} of ${rows} events are ${state}`);
    const size: Size = { amount: logs.size, unit: "events", setFor: FULL.points[2] };
    const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
    return [
      {
        id: "P12",
        part: "time",
        goal: "expire 1M of 5M events, physically gone, in at most 1/8 of the time",
        step: { most: 0.125 },
        floor: { most: 0.25 },
        against: "DELETE in chunks of 5 000 in the indexed table",
        ratios: [expired.wallMs / removed / (deleted.wallMs / deleted.value.removed)],
        once: true,
        size,
        work: { ours: { events: removed }, theirs: { rows: deleted.value.removed } },
        cpuUs: expired.cpuUs / removed,
        note: `${removed} events in ${seconds(expired.wallMs)}; ${deleted.value.removed} rows in ${seconds(deleted.wallMs)}, the longest chunk ${Math.round(deleted.value.longestMs)} ms`,
      },
      {
        id: "P12",
        part: "step",
        goal: "no step of an expiry takes more than 50 ms",
        step: { most: 1 },
        against: "50 ms",
        ratios: [longestMs / 50],
        once: true,
        size,
        work: { ours: { events: removed } },
        note: `the longest step took ${Math.round(longestMs)} ms`,
      },
    ];
  },
};

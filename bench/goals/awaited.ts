import { join } from "node:path";
import type { Paced } from "../measure/at-rate.ts";
import type { Goal } from "../measure/bench.ts";
import { median, sum } from "../measure/ratio.ts";
import { type Measured, startSide } from "../measure/side.ts";
import { expectStored } from "../measure/two-logs.ts";

/** Callers that wait for their record at the same time. */
const CONCURRENCY = 1_000;
const PER_SECOND = 2_000;

export const awaitedEvents: Goal = {
  ids: ["P7", "P8"],
  name: "awaited",
  at: () => 0,
  run: async ({ sizes, folder, progress }) => {
    const ledger = await startSide("ledger-store");
    await ledger.call("open", join(folder, "awaited", "audit.db"));
    const naive = await startSide("naive-table");
    await naive.call("open", join(folder, "naive", "audit.db"));
    const floor = await startSide("floor");
    const many = sizes.step;
    const few = sizes.short ? 100 : 1_000;
    await ledger.call("awaited", 0, many, CONCURRENCY);
    let next = many;

    const rates: number[] = [];
    const ours: Measured<number>[] = [];
    const theirs: Measured<number>[] = [];
    for (let round = 0; round < sizes.rounds; round++) {
      const slow = await naive.call<number>("insert", round * few, few);
      const fast = await ledger.call<number>("awaited", next, many, CONCURRENCY);
      next += many;
      expectStored("the naive table", slow.value, few);
      expectStored("Daybook", fast.value, many);
      ours.push(fast);
      theirs.push(slow);
      rates.push(many / fast.wallMs / (few / slow.wallMs));
      progress(`awaited: ${rates.at(-1)!.toFixed(0)}x`);
    }

    const latency: number[] = [];
    const delay: number[] = [];
    const seen: { flush: number; paced: Paced; nothing: Paced }[] = [];
    for (let round = 0; round < sizes.rounds; round++) {
      const flush = (await floor.call<number>("appendAndFlush", join(folder, "raw"), sizes.short ? 200 : 1_000)).value;
      const paced = (await ledger.call<Paced>("paced", next, PER_SECOND, sizes.seconds)).value;
      next += paced.calls;
      const nothing = (await floor.call<Paced>("pacedIntoNothing", PER_SECOND, sizes.seconds)).value;
      expectStored("Daybook", paced.calls, PER_SECOND * sizes.seconds);
      latency.push(paced.p50Ms / flush);
      delay.push(paced.loopDelayP99Ms / nothing.loopDelayP99Ms);
      seen.push({ flush, paced, nothing });
      progress(`awaited at ${PER_SECOND}/s: p50 ${paced.p50Ms.toFixed(2)} ms against ${flush.toFixed(2)} ms`);
    }
    const stored = (await ledger.call<number>("storedSamples")).value;
    expectStored("Daybook", stored, next);
    for (const side of [ledger, naive, floor]) {
      if (side === ledger) await side.call("close");
      await side.end();
    }
    const pacedEvents = sum(seen.map(({ paced }) => paced.calls));
    const ms = (value: (each: (typeof seen)[number]) => number) => `${median(seen.map(value)).toFixed(2)} ms`;
    return [
      {
        id: "P7",
        goal: "awaited, flushed events/s at least 60x",
        step: { least: 60 },
        floor: { least: 45 },
        against: "open, insert, commit, close for each event",
        ratios: rates,
        size: { amount: many, unit: "events" },
        work: { ours: { events: sizes.rounds * many }, theirs: { rows: sizes.rounds * few } },
        cpuUs: median(ours.map(({ cpuUs }) => cpuUs / many)),
        memory: Math.max(...ours.map(({ peakRss }) => peakRss)),
        note: `${Math.round(median(ours.map(({ wallMs }) => (many / wallMs) * 1_000)))}/s with ${CONCURRENCY} callers waiting, against ${Math.round(median(theirs.map(({ wallMs }) => (few / wallMs) * 1_000)))}/s at ${Math.round(median(theirs.map(({ cpuUs }) => cpuUs / few)))} us CPU`,
      },
      {
        id: "P8",
        part: "p50",
        goal: `an awaited record at ${PER_SECOND}/s takes at most 3x`,
        step: { most: 3 },
        against: "one raw append of 4 KiB with its fdatasync",
        ratios: latency,
        size: { amount: sizes.seconds, unit: "s" },
        work: { ours: { events: pacedEvents } },
        note: `p50 ${ms(({ paced }) => paced.p50Ms)}, p99 ${ms(({ paced }) => paced.p99Ms)}; the raw append ${ms(({ flush }) => flush)}`,
      },
      {
        id: "P8",
        part: "event loop",
        goal: "event-loop delay p99 at most 1.2x",
        step: { most: 1.2 },
        floor: { most: 1.5 },
        against: "the same records into a sink that keeps nothing",
        ratios: delay,
        size: { amount: sizes.seconds, unit: "s" },
        work: { ours: { events: pacedEvents }, theirs: { events: sum(seen.map(({ nothing }) => nothing.calls)) } },
        note: `p99 ${ms(({ paced }) => paced.loopDelayP99Ms)} against ${ms(({ nothing }) => nothing.loopDelayP99Ms)}`,
      },
    ];
  },
};

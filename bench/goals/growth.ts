import { join } from "node:path";
import type { Bench, Goal } from "../measure/bench.ts";
import { FULL, type Measurement, type Size } from "../measure/goal.ts";
import { median, sum } from "../measure/ratio.ts";
import { startSide } from "../measure/side.ts";
import { expectStored, type Step } from "../measure/two-logs.ts";
import { settle, walBytes } from "../measure/wal.ts";

const INDEXED = "one table with (type, time) and (user, time) indexes, prepared insert, 500 rows per transaction, no proof";

/** Inserting at three sizes, against the plain table and against itself when small; and what an event takes on the disk. */
export const insertWhileSmall: Goal = {
  ids: ["P5", "P6", "P13"],
  name: "growth",
  needsPlainTable: true,
  at: ({ small }) => small,
  run: async (bench) => {
    await bench.logs.reach(bench.sizes.small);
    await describe(bench);
    return [];
  },
};

export const insertAtFirst = insertAt(0, 1, "1M", 1);
export const insertAtMiddle = insertAt(1, 1.5, "3M", 1.3);
export const insertAtLast = insertAt(2, 2, "5M", 1.7);

function insertAt(point: 0 | 1 | 2, least: number, name: string, floor: number): Goal {
  return {
    ids: ["P5", ...(point === 2 ? ["P6", "P13"] : [])],
    name: "growth",
    needsPlainTable: true,
    at: ({ points }) => points[point],
    run: async (bench) => {
      const { sizes, logs } = bench;
      const size = sizes.points[point];
      await logs.reach(size);
      const steps = logs.before(size, sizes.rounds);
      const person = (await (await logs.ledger()).call<number>("storedOf")).value;
      const same = (await (await logs.plain()).call<number>("storedOf")).value;
      expectStored("Daybook, of one person,", person, same);
      const measurements: Measurement[] = [
        {
          id: "P5",
          part: `at ${sizes.short ? size : name}`,
          goal: `insert at least ${least}x the rows/s at ${name}, queryable by person afterwards`,
          step: { least },
          floor: { least: floor },
          against: INDEXED,
          ratios: steps.map(({ ledger, plain }) => plain!.wallMs / ledger.wallMs),
          size: { amount: size, unit: "events", setFor: FULL.points[point] },
          work: { ours: { events: sum(steps.map(({ events }) => events)) }, theirs: { rows: sum(steps.map(({ events }) => events)) } },
          cpuUs: median(steps.map(({ ledger, events }) => ledger.cpuUs / events)),
          memory: Math.max(...steps.map(({ ledger }) => ledger.peakRss)),
          note: `${rate(steps, "ledger")} rows/s against ${rate(steps, "plain")}; CPU ${cpuRatio(steps).toFixed(2)}x; both find ${person} events of one person`,
        },
      ];
      if (point !== 1) await describe(bench);
      if (point === 2) measurements.push(...(await againstItself(bench)), ...(await onDisk(bench)));
      return measurements;
    },
  };
}

async function againstItself(bench: Bench): Promise<Measurement[]> {
  const { sizes, logs, folder, progress } = bench;
  const { small, rounds } = sizes;
  const events = Math.min(sizes.step, small / 2);
  const ratios: number[] = [];
  const cpu: number[] = [];
  const wal: number[] = [];
  const rowBytes = median([await storedBytes(bench)]);
  for (let round = 0; round < rounds; round++) {
    const young = await startSide("ledger-store");
    await young.call("open", join(folder, `young-${round}`, "audit.db"));
    await young.call("insert", 0, small - events);
    const ofYoung = await young.call<number>("insert", small - events, events);
    await young.call("close");
    await young.end();
    const from = logs.size;
    await logs.reach(from + events);
    const ofOld = logs.steps.at(-1)!.ledger;
    ratios.push(ofOld.cpuUs / ofYoung.cpuUs);
    cpu.push(ofOld.cpuUs / events);
    progress(`insert at ${from} against ${small}: ${ratios.at(-1)!.toFixed(2)}x`);
    const before = logs.size;
    wal.push((await walBytes(logs.ledgerPath, () => logs.reach(before + events))) / events);
  }
  const size: Size = { amount: logs.size, unit: "events", setFor: FULL.points[2] };
  return [
    {
      id: "P6",
      part: "CPU",
      goal: "insert CPU at 5M stored events at most 1.1x of that at 100k",
      step: { most: 1.1 },
      floor: { most: 1.2 },
      against: `itself at ${small} events`,
      ratios,
      size,
      work: { ours: { events: rounds * events }, theirs: { events: rounds * events } },
      cpuUs: median(cpu),
      note: `at ${logs.size} events`,
    },
    {
      id: "P6",
      part: "WAL",
      goal: "WAL bytes at most 1.5x the stored bytes of the row",
      step: { most: 1.5 },
      floor: { most: 1.6 },
      against: "bytes of an event in the settled file, indexes and all",
      ratios: wal.map((bytes) => bytes / rowBytes),
      size,
      work: { ours: { events: rounds * events } },
      note: `${Math.round(median(wal))} bytes of WAL per event, ${Math.round(rowBytes)} stored`,
    },
  ];
}

const storedBytes = async ({ logs }: Bench) => (await settle(logs.ledgerPath)) / logs.size;

async function onDisk(bench: Bench): Promise<Measurement[]> {
  const { logs } = bench;
  const ledger = await storedBytes(bench);
  const plain = (await settle(logs.plainPath)) / logs.size;
  const text = (await (await logs.ledger()).call<number>("textBytes")).value;
  const note = `${Math.round(ledger)} bytes per event with proof and indexes, ${Math.round(text)} as NDJSON, ${Math.round(plain)} in the table`;
  const size: Size = { amount: logs.size, unit: "events", setFor: FULL.points[2] };
  return [
    {
      id: "P13",
      part: "text",
      goal: "disk per event at most 1.4x the NDJSON text",
      step: { most: 1.4 },
      floor: { most: 1.6 },
      against: "NDJSON of the same events",
      ratios: [ledger / text],
      once: true,
      size,
      work: { ours: { events: logs.size } },
      note,
    },
    {
      id: "P13",
      part: "table",
      goal: "disk per event at most 1.05x the indexed table",
      step: { most: 1.05 },
      floor: { most: 1.1 },
      against: INDEXED,
      ratios: [ledger / plain],
      once: true,
      size,
      work: { ours: { events: logs.size }, theirs: { rows: logs.size } },
      note,
    },
  ];
}

/** A line of the table of growth. */
async function describe(bench: Bench): Promise<void> {
  const { logs, sizes } = bench;
  const steps = logs.before(logs.size, sizes.rounds);
  const bytes = await storedBytes(bench);
  const from = logs.size;
  const wal = (await walBytes(logs.ledgerPath, () => logs.reach(from + sizes.step))) / sizes.step;
  const ledger = await logs.ledger();
  const verified = await ledger.call<{ verdict: string; entries: number }>("verify");
  const { newest, deep, person } = (await ledger.call<{ newest: number; deep: number; person: number }>("pages", logs.size)).value;
  bench.grown({
    events: from,
    "rows/s": rate(steps, "ledger"),
    "insert CPU us": median(steps.map((step) => step.ledger.cpuUs / step.events)),
    "WAL bytes": wal,
    "stored bytes": bytes,
    "newest page ms": newest,
    "page halfway down ms": deep,
    "page of a person ms": person,
    "verified/s": Math.round((verified.value.entries / verified.wallMs) * 1_000),
    "table rows/s": rate(steps, "plain"),
  });
}

const rate = (steps: readonly Step[], side: "ledger" | "plain") =>
  Math.round(median(steps.filter((step) => step[side] !== undefined).map((step) => (step.events / step[side]!.wallMs) * 1_000)));

const cpuRatio = (steps: readonly Step[]) => median(steps.map(({ ledger, plain }) => ledger.cpuUs / plain!.cpuUs));

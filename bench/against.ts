/** `pnpm bench --against REV`: Daybook's side of the goals, of the working tree and of another revision in turns. No goal, no verdict. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Change, changeOf, LEAST_PAIRS } from "./measure/change.ts";
import { runInto } from "./measure/command.ts";
import { LOAD_CORE, SERVER_CORE } from "./measure/cores.ts";
import type { Sizes } from "./measure/goal.ts";
import { linesOf } from "./measure/lines.ts";
import { median, sum } from "./measure/ratio.ts";
import { checkOut, ROOT, workingTree } from "./measure/revision.ts";
import { stopServers } from "./measure/servers.ts";
import { type Side, startSide } from "./measure/side.ts";
import { expectStored } from "./measure/two-logs.ts";
import type { Load } from "./sides/http-load.ts";
import type { Done, Framework, Record as Recording, Usage } from "./sides/http-server.ts";
import { aligned, grouped, ratioText } from "./text.ts";

/** One figure of both revisions; less is better, except for rates. */
interface Figure {
  readonly name: string;
  readonly unit: "us" | "/s";
  /** One number for each pair. */
  readonly current: readonly number[];
  readonly previous: readonly number[];
}

/** The two checkouts that are compared; undefined is this one. */
type Checkouts = readonly [current: undefined, previous: string];

interface Context {
  readonly checkouts: Checkouts;
  readonly sizes: Sizes;
  readonly pairs: number;
  readonly folder: string;
  readonly progress: (text: string) => void;
  /** Adds a line below the table. */
  readonly note: (text: string) => void;
}

interface Comparison {
  readonly ids: readonly string[];
  readonly name: string;
  readonly run: (context: Context) => Promise<readonly Figure[]>;
}

const PAIRS = 8;
const CONNECTIONS = 64;
const FAST = "/books/#";
const SLOW = "/slow/#";
const NAMES = ["new", "old"] as const;
/** On each of two paths; a shorter one would leave work for the compilers in the first pair. */
const WARM_UP_MS = 2_500;
/** Steps of growth before a log is verified or exported. */
const FILLS = 4;
const AWAITED_CONCURRENCY = 1_000;

const COMPARISONS: readonly Comparison[] = [
  { ids: ["P1", "P3", "P4"], name: "express", run: (context) => compareServers(context, "express") },
  { ids: ["P2", "P3", "P4"], name: "fastify", run: (context) => compareServers(context, "fastify") },
  { ids: ["P7"], name: "awaited", run: compareAwaited },
  { ids: ["P5"], name: "growth", run: (context) => compareLogs(context, "insert") },
  { ids: ["P9"], name: "verify", run: (context) => compareLogs(context, "verify") },
  { ids: ["P10"], name: "export", run: (context) => compareLogs(context, "export") },
];

export const COMPARED_NAMES: readonly string[] = COMPARISONS.flatMap(({ name, ids }) => [name, ...ids]);

/** The table of all figures. @throws if a name is none of `COMPARED_NAMES` */
export async function compareWith(
  revision: string,
  names: readonly string[],
  sizes: Sizes,
  parent: string,
  progress: (text: string) => void,
): Promise<string> {
  const chosen = COMPARISONS.filter(
    ({ ids, name }) => names.length === 0 || [name, ...ids].some((each) => names.includes(each.toLowerCase())),
  );
  if (chosen.length === 0) throw new RangeError(`only ${[...new Set(COMPARED_NAMES)].join(", ")} can be compared with a revision`);
  const folder = mkdtempSync(join(parent, "daybook-against-"));
  try {
    progress(`${revision}: checking out, installing and building`);
    const old = checkOut(revision, join(folder, "revision"));
    try {
      const notes: string[] = [];
      const context: Context = {
        checkouts: [undefined, old.folder],
        sizes,
        pairs: sizes.short ? LEAST_PAIRS : PAIRS,
        folder,
        progress,
        note: (text) => notes.push(text),
      };
      const figures: Figure[] = [];
      for (const comparison of chosen) {
        progress(`${comparison.name} (${comparison.ids.join(", ")})`);
        figures.push(...(await comparison.run(context)));
      }
      return [changeTable(figures, workingTree(), old.id), ...notes.map((text) => `${text}\n`)].join("");
    } finally {
      old.remove();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function changeTable(figures: readonly Figure[], currentId: string, previousId: string): string {
  const cell = (values: readonly number[], unit: Figure["unit"]) => {
    if (values.length === 0) return "";
    return unit === "us" ? median(values).toFixed(1) : grouped(Math.round(median(values)));
  };
  return `${[
    `${currentId} against ${previousId}, in turns; the interval is that of the median.`,
    "",
    ...aligned([
      ["figure", "new", "old", "", "new/old", "from", "to", "pairs", ""],
      ...figures.map(({ name, unit, current, previous }) => {
        const change: Change = changeOf(current.map((value, i) => value / previous[i]!));
        const limits = [change.median, change.low, change.high].map(ratioText);
        return [name, cell(current, unit), cell(previous, unit), unit, ...limits, String(current.length), change.verdict];
      }),
    ]),
  ].join("\n")}\n`;
}

/** Runs `measure` for both, in the order new, old, old, new, new, and so on. */
async function inTurns<T>(pairs: number, measure: (which: 0 | 1, pair: number) => Promise<T>): Promise<readonly [T[], T[]]> {
  const results: [T[], T[]] = [[], []];
  for (let pair = 0; pair < pairs; pair++) {
    const first = pair % 2 === 0 ? 0 : 1;
    for (const which of [first, 1 - first] as (0 | 1)[]) results[which].push(await measure(which, pair));
  }
  return results;
}

/** CPU for each request, beyond that of the bare server in the same pair, and the rate of a handler of 2 ms. */
async function compareServers(context: Context, framework: Framework): Promise<Figure[]> {
  const { checkouts, sizes, pairs, folder, progress } = context;
  const load = await startSide("http-load", { core: LOAD_CORE });
  const servers: ComparedServer[] = [];
  const setup: [Recording, string | undefined][] = [
    ["daybook", checkouts[0]],
    ["daybook", checkouts[1]],
    ["nothing", undefined],
  ];
  try {
    for (const [recording, checkout] of setup) {
      const side = await startSide("http-server", { core: SERVER_CORE, checkout });
      const place = join(folder, `${framework}-${servers.length}`);
      const { value: port } = await side.call<number>("start", framework, recording, place);
      servers.push({ side, port, asked: 0, lost: 0 });
      for (const path of [SLOW, FAST]) await ask(load, servers.at(-1)!, path, WARM_UP_MS);
    }
    const ms = sizes.seconds * 1_000;
    const bare: Asked[] = [];
    const measured = await inTurns(pairs, async (which, pair) => {
      if (bare.length === pair) bare.push(await ask(load, servers[2]!, FAST, ms));
      const fast = await ask(load, servers[which]!, FAST, ms);
      const slow = await ask(load, servers[which]!, SLOW, ms);
      progress(`${framework} ${NAMES[which]}: +${(fast.all - bare[pair]!.all).toFixed(1)} us`);
      return {
        all: fast.all - bare[pair]!.all,
        thread: fast.thread - bare[pair]!.thread,
        perSecond: slow.perSecond,
        lost: fast.lost + slow.lost,
      };
    });
    return figuresOf(context, framework, measured);
  } finally {
    await load.end();
    // A server that lost events says so again when it stops; the notes have it.
    await stopServers(servers.map(({ side }) => side)).catch(() => undefined);
  }
}

interface ComparedServer {
  readonly side: Side;
  readonly port: number;
  /** Requests that got a response. */
  asked: number;
  /** Of them, those that are not in the log. */
  lost: number;
}

interface Asked {
  /** Microseconds of CPU for each request. */
  readonly all: number;
  readonly thread: number;
  readonly perSecond: number;
  /** Requests that are not in the log. */
  readonly lost: number;
}

async function ask(load: Side, server: ComparedServer, path: string, ms: number): Promise<Asked> {
  const before = (await server.side.call<Usage>("usage")).value;
  const { value } = await load.call<Load>("run", server.port, path, CONNECTIONS, ms);
  const after = (await server.side.call<Usage>("usage")).value;
  const { requests, kept } = (await server.side.call<Done>("work")).value;
  server.asked += value.requests;
  if (requests !== server.asked) throw new Error(`a server served ${requests} of ${server.asked} requests`);
  const lost = requests - kept - server.lost;
  server.lost += lost;
  return {
    all: (after.total - before.total) / value.requests,
    thread: (after.thread - before.thread) / value.requests,
    perSecond: value.perSecond,
    lost,
  };
}

/** A lost event costs nothing, so a pair in which a side lost some says nothing. */
function figuresOf({ note }: Context, framework: Framework, [current, previous]: readonly [Asked[], Asked[]]): Figure[] {
  for (const [which, sides] of [current, previous].entries()) {
    const lost = sum(sides.map((side) => side.lost));
    if (lost > 0)
      note(
        `${framework}, ${NAMES[which as 0 | 1]}: ${grouped(lost)} events were lost, because the queue was full; those pairs are left out.`,
      );
  }
  const isWhole = (_: Asked, pair: number) => current[pair]!.lost === 0 && previous[pair]!.lost === 0;
  const figure = (name: string, unit: Figure["unit"], value: (each: Asked) => number): Figure => ({
    name: `${framework}: ${name}`,
    unit,
    current: current.filter(isWhole).map(value),
    previous: previous.filter(isWhole).map(value),
  });
  return [
    figure("added to a request", "us", ({ all }) => all),
    figure("the same, request thread", "us", ({ thread }) => thread),
    figure("2 ms handler, requests", "/s", ({ perSecond }) => perSecond),
  ];
}

async function withStores<T>(
  { checkouts, folder }: Context,
  name: string,
  action: (stores: readonly Side[], paths: readonly string[]) => Promise<T>,
): Promise<T> {
  const stores: Side[] = [];
  const paths = [join(folder, `${name}-new`, "audit.db"), join(folder, `${name}-old`, "audit.db")];
  try {
    for (const [i, checkout] of checkouts.entries()) {
      const side = await startSide("ledger-store", { checkout });
      await side.call("open", paths[i]!);
      stores.push(side);
    }
    return await action(stores, paths);
  } finally {
    for (const side of stores) {
      await side.call("close");
      await side.end();
    }
  }
}

function compareAwaited(context: Context): Promise<Figure[]> {
  const { pairs, sizes, progress } = context;
  const events = sizes.step;
  return withStores(context, "awaited", async (stores) => {
    for (const side of stores) await side.call("awaited", 0, events, AWAITED_CONCURRENCY);
    const [current, previous] = await inTurns(pairs, async (which, pair) => {
      const run = await stores[which]!.call<number>("awaited", (pair + 1) * events, events, AWAITED_CONCURRENCY);
      expectStored(which === 0 ? "the working tree" : "the revision", run.value, events);
      progress(`awaited ${NAMES[which]}: ${(run.cpuUs / events).toFixed(1)} us`);
      return run;
    });
    return [
      {
        name: "awaited: an event",
        unit: "us",
        current: current.map(({ cpuUs }) => cpuUs / events),
        previous: previous.map(({ cpuUs }) => cpuUs / events),
      },
      {
        name: "awaited: events",
        unit: "/s",
        current: current.map(({ wallMs }) => (events / wallMs) * 1_000),
        previous: previous.map(({ wallMs }) => (events / wallMs) * 1_000),
      },
    ];
  });
}

/** Both logs grow in turns; the full ones are then verified or exported in turns. */
function compareLogs(context: Context, job: "insert" | "verify" | "export"): Promise<Figure[]> {
  const { pairs, sizes, folder, checkouts, progress } = context;
  const events = sizes.step;
  return withStores(context, job, async (stores, paths) => {
    const insert = async (which: 0 | 1, pair: number) => {
      const run = await stores[which]!.call<number>("insert", pair * events, events);
      expectStored(which === 0 ? "the working tree" : "the revision", run.value, events);
      progress(`insert ${NAMES[which]}: ${(run.cpuUs / events).toFixed(1)} us`);
      return run.cpuUs / events;
    };
    const [inserted, insertedBefore] = await inTurns(job === "insert" ? pairs + 1 : FILLS, insert);
    const stored = inserted.length * events;
    if (job === "insert") {
      // The first pair also compiles.
      return [{ name: "insert: an event", unit: "us", current: inserted.slice(1), previous: insertedBefore.slice(1) }];
    }
    if (job === "verify") {
      const [current, previous] = await inTurns(pairs, async (which) => {
        const run = await stores[which]!.call<{ verdict: string; entries: number }>("verify");
        if (run.value.verdict !== "intact" || run.value.entries < stored)
          throw new Error(`${run.value.entries} entries are ${run.value.verdict}`);
        progress(`verify ${NAMES[which]}: ${(run.cpuUs / stored).toFixed(1)} us`);
        return run.cpuUs / stored;
      });
      return [{ name: "verify: an entry", unit: "us", current, previous }];
    }
    const figures: Figure[] = [];
    for (const format of ["csv", "ndjson"] as const) {
      const file = join(folder, `export.${format}`);
      const [current, previous] = await inTurns(pairs, async (which) => {
        const program = join(checkouts[which] ?? ROOT, "packages", "cli", "dist", "daybook.js");
        const run = await runInto(file, [process.execPath, program, "report", "--db", paths[which]!, "--format", format]);
        const lines = await linesOf(file);
        if (lines < stored) throw new Error(`the ${format} has ${lines} lines for ${stored} events`);
        const us = (run.cpuUs ?? run.wallMs * 1_000) / stored;
        progress(`${format} ${NAMES[which]}: ${us.toFixed(1)} us`);
        return us;
      });
      figures.push({ name: `export: an event as ${format}`, unit: "us", current, previous });
    }
    return figures;
  });
}

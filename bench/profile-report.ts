import type { Spread } from "./measure/ratio.ts";
import type { SystemCalls } from "./measure/system-calls.ts";
import { allOf, type CostRow, type Profile, type Profiled, type ProfileRow } from "./profile.ts";
import { aligned, grouped, markdown, ratioText } from "./text.ts";

const HEADING = "## Where the time goes";
const TITLES = { fastify: "Fastify", express: "Express" } as const;
const NAMES: Readonly<Record<Profiled, string>> = { nothing: "nothing", daybook: "Daybook", pino: "access logger" };
/** System calls that are named; the others are in the sum. */
const NAMED_CALLS = 5;

/** The tables for a terminal. */
export function profileTables(profile: Profile): string {
  return `${[
    ...aligned(profileCells(profile.rows)),
    "",
    ...systemCallLines(profile.rows),
    ...profile.gaps,
    "",
    "What a record costs beside the access logger, in microseconds of CPU for each request, all threads on one core:",
    "",
    ...aligned(costCells(profile.costs)),
  ].join("\n")}\n`;
}

/** The section of docs/performance.md. */
export function profileSection(profile: Profile): string {
  const calls = systemCallLines(profile.rows);
  return `${[
    HEADING,
    "",
    `Microseconds of CPU time for each request, by thread; medians of ${profile.rounds} rounds. The request thread is on one core and the load`,
    "generator on the other; the threads that write are on the same core as the request thread, or on the other one. A rate of 100 % is the",
    "full rate of the bare server. *Pool* are libuv's threads for files, *V8* its compilers and garbage collector. A *voluntary* switch means",
    "that a thread had nothing to do or waited; at an *involuntary* one the kernel took the core away. All of these are for each request.",
    "",
    ...markdown(profileCells(profile.rows)),
    "",
    ...calls.map((line) => `* ${line}`),
    ...profile.gaps.map((gap) => `* ${gap}`),
    ...(calls.length + profile.gaps.length === 0 ? [] : [""]),
    "### What a record costs at 100, 1,000 and 10,000 requests/s beside the access logger",
    "",
    "Microseconds of CPU that are added to each request of the bare server, all threads on one core, with the smallest and the largest round.",
    "At low rates a commit has few events, and a thread that wakes up costs more than its work.",
    "",
    ...markdown(costCells(profile.costs)),
  ].join("\n")}\n`;
}

/** The page with this section in place of the one it has, or before the tuning notes. */
export function withProfile(page: string, profile: Profile): string {
  const from = page.indexOf(`${HEADING}\n`);
  const next = page.indexOf("\n## ", from < 0 ? page.indexOf("\n## Tuning notes") : from) + 1;
  return `${page.slice(0, from < 0 ? next : from)}${profileSection(profile)}\n${page.slice(next)}`;
}

function profileCells(rows: readonly ProfileRow[]): string[][] {
  return [
    [
      "",
      "records",
      "rate",
      "writer on",
      "requests/s",
      "request thread",
      "writer",
      "pool",
      "V8",
      "all",
      "added",
      "voluntary",
      "involuntary",
      "system calls",
      "commits/s",
      "events/commit",
    ],
    ...rows.map((row) => {
      const { framework, recording, share, writer, perSecond, cpuUs, voluntary, involuntary, commitsPerSecond, eventsPerCommit } = row;
      const bare = rows.find((other) => other.framework === framework && other.recording === "nothing" && other.share === share);
      const all = allOf(cpuUs);
      return [
        TITLES[framework],
        NAMES[recording],
        `${share * 100} %`,
        recording === "nothing" ? "" : `${writer} core`,
        grouped(Math.round(perSecond)),
        cpuUs.request.toFixed(1),
        cpuUs.writer.toFixed(1),
        cpuUs.pool.toFixed(1),
        cpuUs.v8.toFixed(1),
        all.toFixed(1),
        recording === "nothing" || bare === undefined ? "" : signed(all - allOf(bare.cpuUs)),
        voluntary.toFixed(2),
        involuntary.toFixed(2),
        row.systemCalls === undefined ? "" : callsInAll(row.systemCalls).toFixed(1),
        commitsPerSecond === undefined ? "" : Math.round(commitsPerSecond).toString(),
        eventsPerCommit === undefined ? "" : eventsPerCommit.toFixed(eventsPerCommit < 10 ? 1 : 0),
      ];
    }),
  ];
}

function costCells(rows: readonly CostRow[]): string[][] {
  return [
    ["", "requests/s", "bare server", "Daybook adds", "from", "to", "access logger adds", "from", "to", "Daybook / logger"],
    ...rows.map(({ framework, perSecond, bare, daybook, logger }) => [
      TITLES[framework],
      grouped(perSecond),
      bare.toFixed(1),
      ...spreadCells(daybook),
      ...spreadCells(logger),
      isCost(daybook) && isCost(logger) ? ratioText(daybook.median / logger.median) : "within the spread",
    ]),
  ];
}

const spreadCells = ({ median, min, max }: Spread) => [signed(median), signed(min), signed(max)];

/** False if the added cost is within its own spread; a ratio of it says nothing. */
const isCost = ({ median, min, max }: Spread) => median > max - min;

/** One line for each server whose system calls were counted. */
const systemCallLines = (rows: readonly ProfileRow[]) =>
  rows.flatMap(({ framework, recording, share, systemCalls }) => {
    if (systemCalls === undefined) return [];
    const named = [...systemCalls].sort(([, a], [, b]) => b - a).slice(0, NAMED_CALLS);
    const text = named.map(([name, count]) => `${name} ${count.toFixed(2)}`).join(", ");
    return [`System calls of ${TITLES[framework]} with ${NAMES[recording]} at ${share * 100} %, for each request: ${text}.`];
  });

const callsInAll = (calls: SystemCalls) => [...calls.values()].reduce((sum, count) => sum + count, 0);

const signed = (us: number) => `${us < 0 ? "" : "+"}${us.toFixed(1)}`;

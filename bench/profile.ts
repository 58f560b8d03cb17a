/** Where the CPU time of a request goes: by thread, with the switches, the system calls and the commits. No goal, no verdict. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { commitsOf } from "./measure/commits.ts";
import { canPin, LOAD_CORE, SERVER_CORE } from "./measure/cores.ts";
import type { Sizes } from "./measure/goal.ts";
import { median, type Spread, spread } from "./measure/ratio.ts";
import { stopServers, workOf } from "./measure/servers.ts";
import { type Side, startSide } from "./measure/side.ts";
import { type SystemCalls, systemCallsDuring, whyNoSystemCalls } from "./measure/system-calls.ts";
import { bindWriters, type GroupUse, type ThreadGroup, threadsOf, usedBetween } from "./measure/threads.ts";
import type { Load } from "./sides/http-load.ts";
import type { Framework } from "./sides/http-server.ts";

export type Profiled = "nothing" | "daybook" | "pino";
export type WriterCore = "same" | "other";

/** One server at one rate; figures are medians of the rounds. */
export interface ProfileRow {
  readonly framework: Framework;
  readonly recording: Profiled;
  /** Share of the rate that the bare server reaches. */
  readonly share: number;
  /** Core of the threads that write, seen from the request thread. */
  readonly writer: WriterCore;
  readonly perSecond: number;
  /** Microseconds of CPU for each request. */
  readonly cpuUs: Readonly<Record<ThreadGroup, number>>;
  /** Context switches for each request. */
  readonly voluntary: number;
  readonly involuntary: number;
  readonly commitsPerSecond?: number;
  readonly eventsPerCommit?: number;
  /** For each request, by name; measured at the lowest rate, with the writer on the same core. */
  readonly systemCalls?: SystemCalls;
}

/** Added microseconds of CPU for each request at one rate, all threads on one core. */
export interface CostRow {
  readonly framework: Framework;
  readonly perSecond: number;
  readonly bare: number;
  readonly daybook: Spread;
  readonly logger: Spread;
}

export interface Profile {
  readonly rows: readonly ProfileRow[];
  readonly costs: readonly CostRow[];
  readonly rounds: number;
  /** What was not measured, and why. */
  readonly gaps: readonly string[];
}

const PATH = "/books/#";
const CONNECTIONS = 64;
const SHARES = [0.1, 0.5, 1] as const;
const RATES = [100, 1_000, 10_000] as const;
const RECORDINGS = ["nothing", "daybook", "pino"] as const;
const WARM_UP_MS = 5_000;
/** The tables have many cells, and no verdict. */
const MOST_ROUNDS = 3;
const FULL_RATE_TRIES = 3;
/** Fewer requests would make the result depend on single collections of the heap. */
const LEAST_REQUESTS = 500;

interface Sample {
  readonly perSecond: number;
  readonly use: GroupUse;
  readonly commitsPerSecond: number;
  readonly eventsPerCommit: number;
}

export async function profile(given: Sizes, parent: string, progress: (text: string) => void): Promise<Profile> {
  const folder = mkdtempSync(join(parent, "daybook-profile-"));
  const sizes = { ...given, rounds: Math.min(MOST_ROUNDS, given.rounds) };
  const rows: ProfileRow[] = [];
  const costs: CostRow[] = [];
  try {
    for (const framework of ["fastify", "express"] as const) {
      const servers = await ProfiledServers.start(framework, join(folder, framework), sizes.short ? WARM_UP_MS / 2 : WARM_UP_MS);
      try {
        rows.push(...(await rowsOf(servers, sizes, progress)));
        costs.push(...(await costsOf(servers, sizes, progress)));
        await servers.check();
      } finally {
        await servers.stop();
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const noCalls = whyNoSystemCalls();
  const gaps = [
    ...(noCalls === undefined ? [] : [`System calls: ${noCalls}.`]),
    ...(canPin() ? [] : ["The writer on another core: processes cannot be bound to cores here."]),
  ];
  return { rows, costs, rounds: sizes.rounds, gaps };
}

async function rowsOf(servers: ProfiledServers, sizes: Sizes, progress: (text: string) => void): Promise<ProfileRow[]> {
  const { framework } = servers;
  const bare = await servers.fullRate(sizes.seconds * 1_000);
  progress(`${framework}: the bare server serves ${Math.round(bare)} requests/s`);
  const places = RECORDINGS.flatMap((recording) =>
    (recording === "nothing" || !canPin() ? ["same" as const] : ["same" as const, "other" as const]).map((writer) => ({
      recording,
      writer,
    })),
  );
  const rows: ProfileRow[] = [];
  for (const share of SHARES) {
    const samples = places.map(() => [] as Sample[]);
    for (let round = 0; round < sizes.rounds; round++) {
      for (let i = 0; i < places.length; i++) {
        const at = (i + round) % places.length;
        const { recording, writer } = places[at]!;
        samples[at]!.push(await servers.sample(recording, writer, bare * share, sizes.seconds * 1_000));
      }
    }
    for (const [i, { recording, writer }] of places.entries()) {
      const taken = samples[i]!;
      const of = (figure: (sample: Sample) => number) => median(taken.map(figure));
      const cpuUs = (group: ThreadGroup) => of(({ use }) => use.cpuUs[group]);
      const calls =
        share === SHARES[0] && writer === "same" && whyNoSystemCalls() === undefined
          ? { systemCalls: await servers.systemCalls(recording, bare * share) }
          : {};
      rows.push({
        framework,
        recording,
        share,
        writer,
        perSecond: of((sample) => sample.perSecond),
        cpuUs: { request: cpuUs("request"), writer: cpuUs("writer"), pool: cpuUs("pool"), v8: cpuUs("v8") },
        voluntary: of(({ use }) => use.voluntary),
        involuntary: of(({ use }) => use.involuntary),
        ...(recording === "daybook"
          ? { commitsPerSecond: of((sample) => sample.commitsPerSecond), eventsPerCommit: of((sample) => sample.eventsPerCommit) }
          : {}),
        ...calls,
      });
    }
    progress(`${framework} at ${share * 100} %: ${rows.slice(-places.length).map(rowInShort).join(", ")} us CPU per request`);
  }
  return rows;
}

const rowInShort = ({ recording, writer, cpuUs }: ProfileRow) => `${recording} (${writer}) ${allOf(cpuUs).toFixed(1)}`;

async function costsOf(servers: ProfiledServers, sizes: Sizes, progress: (text: string) => void): Promise<CostRow[]> {
  const rows: CostRow[] = [];
  for (const perSecond of RATES) {
    const ms = Math.max(sizes.seconds, sizes.short ? 0 : LEAST_REQUESTS / perSecond) * 1_000;
    const costs: Record<Profiled, number[]> = { nothing: [], daybook: [], pino: [] };
    for (let round = 0; round < sizes.rounds; round++) {
      for (let i = 0; i < RECORDINGS.length; i++) {
        const recording = RECORDINGS[(i + round) % RECORDINGS.length]!;
        costs[recording].push(allOf((await servers.sample(recording, "same", perSecond, ms)).use.cpuUs));
      }
    }
    const added = (recording: Profiled) => spread(costs[recording].map((us, i) => us - costs.nothing[i]!));
    const row = {
      framework: servers.framework,
      perSecond,
      bare: median(costs.nothing),
      daybook: added("daybook"),
      logger: added("pino"),
    };
    rows.push(row);
    progress(`${servers.framework} at ${perSecond}/s: +${row.daybook.median.toFixed(1)} us, logger +${row.logger.median.toFixed(1)} us`);
  }
  return rows;
}

export const allOf = ({ request, writer, pool, v8 }: Readonly<Record<ThreadGroup, number>>): number => request + writer + pool + v8;

interface Server {
  readonly side: Side;
  readonly port: number;
  /** Of the database, if the server has one. */
  readonly database: string;
  /** Requests that got a response. */
  asked: number;
}

/** The servers of one framework, on one core, and the load generator on the other. */
class ProfiledServers {
  readonly framework: Framework;
  readonly #load: Side;
  readonly #servers: ReadonlyMap<Profiled, Server>;

  private constructor(framework: Framework, load: Side, servers: ReadonlyMap<Profiled, Server>) {
    this.framework = framework;
    this.#load = load;
    this.#servers = servers;
  }

  static async start(framework: Framework, folder: string, warmUpMs: number): Promise<ProfiledServers> {
    const load = await startSide("http-load", { core: LOAD_CORE });
    const servers = new Map<Profiled, Server>();
    for (const recording of RECORDINGS) {
      const side = await startSide("http-server", { core: SERVER_CORE });
      const place = join(folder, recording);
      const { value: port } = await side.call<number>("start", framework, recording, place);
      const warmUp = await load.call<Load>("run", port, PATH, CONNECTIONS, warmUpMs);
      servers.set(recording, { side, port, database: join(place, "audit.db"), asked: warmUp.value.requests });
    }
    return new ProfiledServers(framework, load, servers);
  }

  /** Requests per second of the bare server at full load, the best of some tries: a disturbed one would make every rate too low. */
  async fullRate(ms: number): Promise<number> {
    const server = this.#servers.get("nothing")!;
    let best = 0;
    for (let i = 0; i < FULL_RATE_TRIES; i++) {
      const { value } = await this.#load.call<Load>("run", server.port, PATH, CONNECTIONS, ms);
      server.asked += value.requests;
      best = Math.max(best, value.perSecond);
    }
    return best;
  }

  /** Figures for each request. */
  async sample(recording: Profiled, writer: WriterCore, perSecond: number, ms: number): Promise<Sample> {
    const server = this.#servers.get(recording)!;
    const { side, database } = server;
    bindWriters(side.pid, writer === "same" ? SERVER_CORE : LOAD_CORE);
    const commits = () => (recording === "daybook" ? commitsOf(database) : 0);
    await side.call("settle");
    const commitsBefore = commits();
    const before = threadsOf(side.pid);
    const begun = performance.now();
    const load = await this.#atRate(server, perSecond, ms);
    await side.call("settle");
    const seconds = (performance.now() - begun) / 1_000;
    const use = usedBetween(before, threadsOf(side.pid));
    const committed = commits() - commitsBefore;
    const each = (total: number) => total / load.requests;
    const { request, writer: written, pool, v8 } = use.cpuUs;
    return {
      perSecond: load.perSecond,
      use: {
        cpuUs: { request: each(request), writer: each(written), pool: each(pool), v8: each(v8) },
        voluntary: each(use.voluntary),
        involuntary: each(use.involuntary),
      },
      commitsPerSecond: committed / seconds,
      eventsPerCommit: committed === 0 ? 0 : load.requests / committed,
    };
  }

  /** For each request, in a short run of its own. */
  async systemCalls(recording: Profiled, perSecond: number): Promise<SystemCalls> {
    const server = this.#servers.get(recording)!;
    bindWriters(server.side.pid, SERVER_CORE);
    let requests = 0;
    const calls = await systemCallsDuring(server.side.pid, async () => {
      requests = (await this.#atRate(server, perSecond, 1_000)).requests;
      await server.side.call("settle");
    });
    return new Map([...calls].map(([name, count]) => [name, count / requests]));
  }

  /** @throws if a server did not keep what each request must leave */
  async check(): Promise<void> {
    for (const [recording, { side, asked }] of this.#servers) await workOf(side, `${this.framework} ${recording}`, asked);
  }

  async stop(): Promise<void> {
    await this.#load.end();
    await stopServers([...this.#servers.values()].map(({ side }) => side));
  }

  async #atRate(server: Server, perSecond: number, ms: number): Promise<Load> {
    const { value } = await this.#load.call<Load>("runAtRate", server.port, PATH, CONNECTIONS, ms, perSecond);
    server.asked += value.requests;
    return value;
  }
}

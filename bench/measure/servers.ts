import { join } from "node:path";
import type { Load } from "../sides/http-load.ts";
import type { Done, Framework, Record as Recording, Usage } from "../sides/http-server.ts";
import type { Bench } from "./bench.ts";
import { LOAD_CORE, SERVER_CORE } from "./cores.ts";
import type { Work } from "./goal.ts";
import { type Side, startSide } from "./side.ts";

/** One server under load for a while. */
export interface Served {
  /** Microseconds of CPU per request, all threads. */
  readonly cpuUs: number;
  /** The same of the thread that handles requests. */
  readonly threadUs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** `one`: the server has one core and the load generator the other. `both`: they share the cores. */
export type Cores = "one" | "both";

export interface ServerRounds {
  /** One entry per round. */
  readonly rounds: ReadonlyMap<Recording, readonly Served[]>;
  /** Most resident bytes. */
  readonly memory: ReadonlyMap<Recording, number>;
  /** Bytes V8 has given to its young generation, which grows as soon as objects outlive a collection. */
  readonly young: ReadonlyMap<Recording, number>;
  /** Requests served in all, and what was kept of them. */
  readonly work: ReadonlyMap<Recording, Work>;
  /** Series of metrics before and after a scan for paths that do not exist, where there are any. */
  readonly series: ReadonlyMap<Recording, readonly [number, number]>;
}

const CONNECTIONS = 64;
const SCANNED_PATHS = 500;
/** Compiling what runs often takes seconds of CPU, on the writer thread too; it would be measured as a cost of each request. */
const WARM_UP_MS = 5_000;
const SHORT_WARM_UP_MS = 3_000;

/** Serves the same requests with each way of recording them, in turns, and makes sure that each kept a record of every request. */
export async function serveInTurns(
  { folder, sizes, progress }: Bench,
  framework: Framework,
  recordings: readonly Recording[],
  path: string,
  cores: Cores = "one",
): Promise<ServerRounds> {
  const on = (core: number) => (cores === "one" ? { core } : {});
  const load = await startSide("http-load", on(LOAD_CORE));
  const servers = new Map<Recording, { side: Side; port: number }>();
  const rounds = new Map<Recording, Served[]>(recordings.map((recording) => [recording, []]));
  const asked = new Map<Recording, number>();
  const work = new Map<Recording, Work>();
  const memory = new Map<Recording, number>();
  const young = new Map<Recording, number>();
  const series = new Map<Recording, readonly [number, number]>();
  try {
    for (const recording of recordings) {
      const side = await startSide("http-server", on(SERVER_CORE));
      const place = join(folder, `${framework}-${recording}-${path.split("/")[1]}-${cores}`);
      const { value: port } = await side.call<number>("start", framework, recording, place);
      servers.set(recording, { side, port });
      const { value } = await load.call<Load>("run", port, path, CONNECTIONS, sizes.short ? SHORT_WARM_UP_MS : WARM_UP_MS);
      asked.set(recording, value.requests);
    }
    for (let round = 0; round < sizes.rounds; round++) {
      for (let i = 0; i < recordings.length; i++) {
        const recording = recordings[(i + round) % recordings.length]!;
        const { side, port } = servers.get(recording)!;
        const before = (await side.call<Usage>("usage")).value;
        const { value } = await load.call<Load>("run", port, path, CONNECTIONS, sizes.seconds * 1_000);
        const { value: after, peakRss } = await side.call<Usage>("usage");
        asked.set(recording, asked.get(recording)! + value.requests);
        memory.set(recording, peakRss);
        young.set(recording, after.young);
        rounds.get(recording)!.push({
          cpuUs: (after.total - before.total) / value.requests,
          threadUs: (after.thread - before.thread) / value.requests,
          perSecond: value.perSecond,
          p50Ms: value.p50Ms,
          p99Ms: value.p99Ms,
        });
      }
      progress(
        `${framework} ${path} round ${round + 1}: ${recordings
          .map((recording) => `${recording} ${rounds.get(recording)!.at(-1)!.cpuUs.toFixed(1)}`)
          .join(", ")} us CPU per request`,
      );
    }
    for (const [recording, { side }] of servers) {
      work.set(recording, await workOf(side, `${framework} ${recording}`, asked.get(recording)!));
      const before = (await side.call<number | undefined>("series")).value;
      if (before === undefined) continue;
      await side.call("scan", SCANNED_PATHS);
      series.set(recording, [before, (await side.call<number>("series")).value]);
    }
  } finally {
    await load.end();
    await stopServers([...servers.values()].map(({ side }) => side));
  }
  return { rounds, memory, young, work, series };
}

/** Stops all of them, even if one cannot store its last events. @throws the failures */
export async function stopServers(sides: readonly Side[]): Promise<void> {
  const failures: unknown[] = [];
  for (const side of sides) {
    await side.call("stop").catch((cause) => failures.push(cause));
    await side.end();
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join("; "));
}

/**
 * What a server did.
 * @param asked requests that the load generator got a response to
 * @throws if the server served another number, or did not keep what each request must leave
 */
export async function workOf(side: Side, who: string, asked: number): Promise<Work> {
  const { requests, unit, kept, perRequest } = (await side.call<Done>("work")).value;
  if (requests !== asked) throw new Error(`${who} served ${requests} of ${asked} requests`);
  if (kept !== requests * perRequest) throw new Error(`${who} kept ${kept} ${unit} of ${requests} requests, ${perRequest} each`);
  return { requests, ...(unit === "requests" ? {} : { [unit]: kept }) };
}

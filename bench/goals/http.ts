import type { Bench, Goal } from "../measure/bench.ts";
import type { Measurement } from "../measure/goal.ts";
import { median } from "../measure/ratio.ts";
import { type Served, type ServerRounds, serveInTurns } from "../measure/servers.ts";
import type { Framework, Record as Recording } from "../sides/http-server.ts";

const FAST = "/books/#";
const SLOW = "/slow/#";
const PEERS: Readonly<Record<Framework, string>> = {
  express: "pino-http, asynchronous destination",
  fastify: "Fastify's logger, asynchronous destination",
};
const MOST_MEMORY = 60e6;
const EVLOG = "evlog with its fs drain in a pipeline";

/** CPU that each request costs more than with the bare server, of the same round. */
function added({ rounds }: ServerRounds, recording: Recording, of: "cpuUs" | "threadUs" = "cpuUs"): number[] {
  const bare = rounds.get("nothing")!;
  return rounds.get(recording)!.map((served, i) => served[of] - bare[i]![of]);
}

const divided = (a: readonly number[], b: readonly number[]) => a.map((value, i) => value / b[i]!);
const us = (values: readonly number[]) => `${median(values).toFixed(1)} us`;
const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;

const beyondBare = (of: ReadonlyMap<Recording, number>, recording: Recording) => of.get(recording)! - of.get("nothing")!;

/** What a process has had resident at most beyond the bare server, and how much of it V8's young generation is. */
const memoryOf = ({ memory, young }: ServerRounds, recording: Recording) =>
  `${mb(beyondBare(memory, recording))} more than the bare server, ${mb(beyondBare(young, recording))} of them V8's young generation`;

function requestGoal(id: "P1" | "P2", framework: Framework, most: number): Goal {
  return {
    ids: [id, "P3", "P4", "M1"],
    name: framework,
    at: () => 0,
    run: async (bench) => {
      const served = await serveInTurns(bench, framework, ["nothing", "daybook", "pino", "evlog"], FAST);
      const ours = added(served, "daybook");
      const thread = added(served, "daybook", "threadUs");
      const peer = added(served, "pino");
      const evlog = added(served, "evlog");
      const cost = { cpuUs: median(ours), memory: served.memory.get("daybook")! };
      const measurements: Measurement[] = [
        {
          id,
          goal: `${framework === "express" ? "Express" : "Fastify"}, every request audited: added CPU at most ${most}x`,
          bound: { most },
          against: PEERS[framework],
          ratios: divided(ours, peer),
          added: [ours, peer],
          ...cost,
          note: `${us(ours)} added to ${us(bare(served))}, ${us(peer)} by the peer`,
        },
        {
          id: "P3",
          part: framework,
          goal: "added CPU at most 0.35x, and nothing lost",
          bound: { most: 0.35 },
          against: EVLOG,
          ratios: divided(ours, evlog),
          added: [ours, evlog],
          ...cost,
          note: `${us(ours)} against ${us(evlog)}; every request is a row`,
        },
        {
          id: "P4",
          part: `request thread, ${framework}`,
          goal: "the request thread's share alone at most 0.35x",
          bound: { most: 0.35 },
          against: PEERS[framework],
          ratios: divided(thread, peer),
          added: [thread, peer],
          cpuUs: median(thread),
          note: `${us(thread)} on the thread that handles requests`,
        },
        {
          id: "M1",
          part: framework,
          goal: "the process stays within 60 MB of the bare server at full load",
          bound: { most: 1 },
          against: "60 MB",
          ratios: [beyondBare(served.memory, "daybook") / MOST_MEMORY],
          memory: cost.memory,
          note: `${memoryOf(served, "daybook")}; of the peer ${memoryOf(served, "pino")}`,
        },
      ];
      if (framework === "fastify") measurements.push(await throughput(bench));
      return measurements;
    },
  };
}

const bare = ({ rounds }: ServerRounds) => rounds.get("nothing")!.map(({ cpuUs }: Served) => cpuUs);

async function throughput(bench: Bench): Promise<Measurement> {
  const { rounds } = await serveInTurns(bench, "fastify", ["nothing", "daybook"], SLOW);
  const rate = (recording: Recording) => rounds.get(recording)!.map(({ perSecond }) => perSecond);
  const p99 = (recording: Recording) => median(rounds.get(recording)!.map(({ p99Ms }) => p99Ms)).toFixed(1);
  return {
    id: "P4",
    part: "2 ms handler",
    goal: "a 2 ms Fastify handler keeps at least 0.9x of the bare server's requests/s",
    bound: { least: 0.9 },
    against: "the bare server",
    ratios: divided(rate("daybook"), rate("nothing")),
    note: `${Math.round(median(rate("daybook")))} against ${Math.round(median(rate("nothing")))} requests/s; p99 ${p99("daybook")} against ${p99("nothing")} ms`,
  };
}

export const expressRequests = requestGoal("P1", "express", 0.6);
export const fastifyRequests = requestGoal("P2", "fastify", 0.5);

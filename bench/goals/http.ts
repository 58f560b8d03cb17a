import type { Bench, Goal } from "../measure/bench.ts";
import { FULL, type Measurement, type Size } from "../measure/goal.ts";
import { median } from "../measure/ratio.ts";
import { type Cores, type Served, type ServerRounds, serveInTurns } from "../measure/servers.ts";
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

function requestGoal(id: "P1" | "P2", framework: Framework): Goal {
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
      const size: Size = { amount: bench.sizes.seconds, unit: "s" };
      const work = (recording: Recording) => served.work.get(recording)!;
      const cost = { cpuUs: median(ours), memory: served.memory.get("daybook")! };
      const measurements: Measurement[] = [
        {
          id,
          goal: `${framework === "express" ? "Express" : "Fastify"}, every request audited: added CPU at most 1x`,
          step: { most: 1 },
          floor: { most: 1.3 },
          against: PEERS[framework],
          ratios: divided(ours, peer),
          added: [ours, peer],
          size,
          work: { ours: work("daybook"), theirs: work("pino") },
          ...cost,
          note: `${us(ours)} added to ${us(bare(served))}, ${us(peer)} by the peer`,
        },
        {
          id: "P3",
          part: framework,
          goal: "added CPU at most 0.6x, and nothing lost",
          step: { most: 0.6 },
          floor: { most: 0.8 },
          against: EVLOG,
          ratios: divided(ours, evlog),
          added: [ours, evlog],
          size,
          work: { ours: work("daybook"), theirs: work("evlog") },
          ...cost,
          note: `${us(ours)} against ${us(evlog)}; every request is a row`,
        },
        {
          id: "P4",
          part: `request thread, ${framework}`,
          goal: "the request thread's share alone at most 0.6x",
          step: { most: 0.6 },
          floor: { most: 0.8 },
          against: PEERS[framework],
          ratios: divided(thread, peer),
          added: [thread, peer],
          size,
          work: { ours: work("daybook"), theirs: work("pino") },
          cpuUs: median(thread),
          note: `${us(thread)} on the thread that handles requests`,
        },
        {
          id: "M1",
          part: framework,
          goal: "the process stays within 60 MB of the bare server at full load",
          step: { most: 1 },
          against: "60 MB",
          ratios: [beyondBare(served.memory, "daybook") / MOST_MEMORY],
          once: true,
          size: { amount: bench.sizes.rounds * bench.sizes.seconds, unit: "s", setFor: FULL.rounds * FULL.seconds },
          memory: cost.memory,
          note: `${memoryOf(served, "daybook")}; of the peer ${memoryOf(served, "pino")}`,
        },
      ];
      if (framework === "fastify") measurements.push(await throughput(bench, "one"), await throughput(bench, "both"));
      return measurements;
    },
  };
}

const bare = ({ rounds }: ServerRounds) => rounds.get("nothing")!.map(({ cpuUs }: Served) => cpuUs);

/** On both cores, the load generator shares them with the server, and the writer thread may use the second one. */
async function throughput(bench: Bench, cores: Cores): Promise<Measurement> {
  const { rounds, work } = await serveInTurns(bench, "fastify", ["nothing", "daybook"], SLOW, cores);
  const rate = (recording: Recording) => rounds.get(recording)!.map(({ perSecond }) => perSecond);
  const p99 = (recording: Recording) => median(rounds.get(recording)!.map(({ p99Ms }) => p99Ms)).toFixed(1);
  const least = cores === "one" ? 0.8 : 0.95;
  return {
    id: "P4",
    part: cores === "one" ? "2 ms handler" : "2 ms handler, two cores",
    goal: `a 2 ms Fastify handler keeps at least ${least}x of the bare server's requests/s on ${cores === "one" ? "one core" : "two cores"}`,
    step: { least },
    against: "the bare server",
    ratios: divided(rate("daybook"), rate("nothing")),
    size: { amount: bench.sizes.seconds, unit: "s" },
    work: { ours: work.get("daybook")!, theirs: work.get("nothing")! },
    note: `${Math.round(median(rate("daybook")))} against ${Math.round(median(rate("nothing")))} requests/s; p99 ${p99("daybook")} against ${p99("nothing")} ms`,
  };
}

export const expressRequests = requestGoal("P1", "express");
export const fastifyRequests = requestGoal("P2", "fastify");

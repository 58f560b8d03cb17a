import type { Goal } from "../measure/bench.ts";
import type { Measurement } from "../measure/goal.ts";
import { median } from "../measure/ratio.ts";
import { serveInTurns } from "../measure/servers.ts";
import type { Framework } from "../sides/http-server.ts";

const PEERS: Readonly<Record<Framework, string>> = { express: "express-prom-bundle", fastify: "fastify-metrics" };

export const requestMetrics: Goal = {
  ids: ["P14"],
  name: "metrics",
  at: () => 0,
  run: async (bench) => {
    const measurements: Measurement[] = [];
    for (const framework of ["express", "fastify"] as const) {
      const { rounds, memory, series, work } = await serveInTurns(
        bench,
        framework,
        ["nothing", "daybook-metrics", "prometheus"],
        "/books/#",
      );
      const added = (recording: "daybook-metrics" | "prometheus") =>
        rounds.get(recording)!.map(({ cpuUs }, i) => cpuUs - rounds.get("nothing")![i]!.cpuUs);
      const ours = added("daybook-metrics");
      const theirs = added("prometheus");
      measurements.push({
        id: "P14",
        part: framework,
        goal: "metrics: added CPU at most 0.5x",
        step: { most: 0.5 },
        floor: { most: 0.8 },
        against: PEERS[framework],
        ratios: ours.map((us, i) => us / theirs[i]!),
        added: [ours, theirs],
        size: { amount: bench.sizes.seconds, unit: "s" },
        work: { ours: work.get("daybook-metrics")!, theirs: work.get("prometheus")! },
        cpuUs: median(ours),
        memory: memory.get("daybook-metrics")!,
        note: `${median(ours).toFixed(1)} us against ${median(theirs).toFixed(1)} us a request, by the middleware alone, nothing recorded`,
      });
      const [before, after] = series.get("daybook-metrics")!;
      const [beforeTheirs, afterTheirs] = series.get("prometheus")!;
      measurements.push({
        id: "P14",
        part: `${framework} scanner`,
        goal: "the number of series does not change while a scanner requests paths that do not exist",
        step: { most: 1 },
        against: "itself before the scan",
        ratios: [after / before],
        once: true,
        note: `${before} series before, ${after} after 500 different paths; ${PEERS[framework]} ${beforeTheirs} and ${afterTheirs}`,
      });
    }
    return measurements;
  },
};

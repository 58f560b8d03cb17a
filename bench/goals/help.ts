import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Goal } from "../measure/bench.ts";
import { cpuMsOf } from "../measure/command.ts";
import { median } from "../measure/ratio.ts";

const cli = () => join(dirname(createRequire(import.meta.url).resolve("daybook/package.json")), "bin", "daybook.js");

const MOST_MS = 150;
const RUNS = 11;

/** The time until a user sees the list of verbs. */
export const showHelp: Goal = {
  ids: ["C1"],
  name: "help",
  at: () => 0,
  run: async () => {
    const ours: number[] = [];
    const bare: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      bare.push(cpuMsOf([process.execPath, "-e", "0"]));
      ours.push(cpuMsOf([process.execPath, cli(), "--help"]));
    }
    return [
      {
        id: "C1",
        goal: `daybook --help takes at most ${MOST_MS} ms of CPU`,
        step: { most: 1 },
        against: `${MOST_MS} ms`,
        ratios: ours.map((ms) => ms / MOST_MS),
        cpuUs: median(ours) * 1_000,
        note: `${median(ours).toFixed(0)} ms, user and system time together, of which Node itself takes ${median(bare).toFixed(0)} ms`,
      },
    ];
  },
};

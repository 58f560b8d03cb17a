import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** Servers and stores run on the first core, what gives them load on the second. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

let able: boolean | undefined;

/** True where processes can be bound to a core: on Linux, with `taskset` and two cores. */
export function canPin(): boolean {
  able ??= availableParallelism() > 1 && spawnSync("taskset", ["--version"]).status === 0;
  return able;
}

/** A command that runs `program` on one core, or on any where cores cannot be chosen. */
export const pinned = (core: number | undefined, program: string): string[] =>
  core !== undefined && canPin() ? ["taskset", "-c", String(core), program] : [program];

import { constants, getPriority, setPriority } from "node:os";

/** Steps of niceness below the threads that serve requests. */
const STEPS = 5;

/**
 * Lets the threads of requests go first where there are fewer cores than work. Linux only, where a priority belongs to a thread and
 * not to the process; nobody needs a right to lower their own.
 */
export function yieldToRequests(): void {
  if (process.platform !== "linux") return;
  setPriority(Math.min(constants.priority.PRIORITY_LOW, getPriority() + STEPS));
}

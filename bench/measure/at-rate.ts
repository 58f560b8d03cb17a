import { monitorEventLoopDelay } from "node:perf_hooks";
import { quantile } from "./ratio.ts";

export interface Paced {
  readonly calls: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How late timers of the thread were: 99 of 100 less than this. */
  readonly loopDelayP99Ms: number;
}

/** Calls `work` at an even rate, whether earlier calls have settled or not, and waits for all of them. */
export async function atRate(perSecond: number, seconds: number, work: (n: number) => Promise<unknown>): Promise<Paced> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const begun = performance.now();
  const took: number[] = [];
  const running: Promise<void>[] = [];
  const total = perSecond * seconds;
  while (running.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) / 1_000) * perSecond));
    while (running.length < due) {
      const from = performance.now();
      running.push(work(running.length).then(() => void took.push(performance.now() - from)));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  delay.disable();
  await Promise.all(running);
  const sorted = Float64Array.from(took).sort();
  return {
    calls: took.length,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    loopDelayP99Ms: delay.percentile(99) / 1e6,
  };
}

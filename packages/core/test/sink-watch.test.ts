import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nextSinkState, type SinkSignal, type SinkState, SinkWatch } from "../src/delivery/sink-watch.ts";

const STATES = ["well", "slow", "failing", "stopped"] as const;
const SIGNALS = ["stored", "failed", "silent", "stop"] as const;

/** Every state under every signal. */
const TABLE: Readonly<Record<SinkState, readonly [SinkState, SinkState, SinkState, SinkState]>> = {
  //          stored     failed     silent     stop
  well: ["well", "failing", "slow", "stopped"],
  slow: ["well", "failing", "slow", "stopped"],
  failing: ["well", "failing", "failing", "stopped"],
  stopped: ["stopped", "stopped", "stopped", "stopped"],
};

describe("the states of a sink", () => {
  const cases = STATES.flatMap((state) => SIGNALS.map((signal, i) => ({ state, signal, next: TABLE[state][i]! })));

  it.each(cases)("$state becomes $next after $signal", ({ state, signal, next }) => {
    expect(nextSinkState(state, signal)).toBe(next);
  });

  it("never leave stopped", () => {
    for (const first of SIGNALS)
      for (const second of SIGNALS) expect(nextSinkState(nextSinkState("stopped", first), second)).toBe("stopped");
  });
});

describe("SinkWatch", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  /** What each step of a watch's use is expected to do. */
  const paths: readonly {
    name: string;
    steps: readonly (SinkSignal | "begin" | "end" | `+${number}`)[];
    state: SinkState;
    slow: number;
  }[] = [
    { name: "is well before the first write", steps: ["+1000"], state: "well", slow: 0 },
    { name: "is slow after half the deadline of one write", steps: ["begin", "+100"], state: "slow", slow: 1 },
    { name: "is well if the write ended in time", steps: ["begin", "+90", "end", "stored", "+500"], state: "well", slow: 0 },
    { name: "counts from the last write", steps: ["begin", "+90", "end", "stored", "begin", "+90"], state: "well", slow: 0 },
    { name: "is slow if the last write is silent", steps: ["begin", "+90", "end", "begin", "+100"], state: "slow", slow: 1 },
    { name: "tells of a slow sink once", steps: ["begin", "+100", "silent", "+500"], state: "slow", slow: 1 },
    { name: "stays failing while a retry is silent", steps: ["begin", "end", "failed", "begin", "+500"], state: "failing", slow: 0 },
    { name: "is well after a retry", steps: ["begin", "end", "failed", "begin", "end", "stored"], state: "well", slow: 0 },
    { name: "is never slow once stopped", steps: ["begin", "stop", "+500"], state: "stopped", slow: 0 },
    { name: "stays stopped after a late result", steps: ["begin", "stop", "end", "stored", "failed"], state: "stopped", slow: 0 },
  ];

  it.each(paths)("$name", ({ steps, state, slow }) => {
    let told = 0;
    const watch = new SinkWatch({ patienceMs: 100, onSlow: () => told++ });
    for (const step of steps) {
      if (step.startsWith("+")) vi.advanceTimersByTime(Number(step));
      else if (step === "silent") watch.silent(100);
      else if (step === "failed") watch.failed();
      else watch[step as "begin" | "end" | "stored" | "stop"]();
    }
    expect({ state: watch.state, unavailable: watch.unavailable, told }).toEqual({
      state,
      unavailable: state === "slow" || state === "failing",
      told: slow,
    });
  });

  it("reports the first failure after a success only", () => {
    const watch = new SinkWatch({ patienceMs: undefined, onSlow: () => undefined });
    expect([watch.failed(), watch.failed()]).toEqual([true, false]);
    watch.stored();
    expect(watch.failed()).toBe(true);
  });

  it("doubles the pause between attempts up to a second", async () => {
    const watch = new SinkWatch({ patienceMs: undefined, onSlow: () => undefined });
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      watch.failed();
      const begun = performance.now();
      const paused = watch.backOff();
      await vi.advanceTimersToNextTimerAsync();
      await paused;
      pauses.push(performance.now() - begun);
    }
    expect(pauses).toEqual([20, 40, 80, 160, 320, 640, 1_000, 1_000]);
  });

  it("ends a pause when it is stopped", async () => {
    const watch = new SinkWatch({ patienceMs: undefined, onSlow: () => undefined });
    watch.failed();
    const paused = watch.backOff();
    watch.stop();
    await paused;
    expect(vi.getTimerCount()).toBe(0);
  });
});

import { type MemoryStore, memoryStore } from "@daybook/core";
import type { AppendResult } from "@daybook/core/store";

/** A store in memory that a test can stop, go on with, and let fail. It says of itself that it is durable. */
export interface ControlledStore extends MemoryStore {
  /** From now on nothing is stored, and nobody is told. */
  pause(): void;
  /** Stores what waits, and everything that follows. */
  resume(): void;
  /** From now on every batch fails with this error; undefined: no more. */
  failWith(error: Error | undefined): void;
  /** Batches that were given while the store was paused. */
  readonly waiting: number;
}

export function controlledStore(): ControlledStore {
  const inner = memoryStore();
  let paused: { readonly until: Promise<void>; readonly resume: () => void } | undefined;
  let failure: Error | undefined;
  let waiting = 0;

  const append: MemoryStore["append"] = async (batch, options): Promise<AppendResult> => {
    if (paused !== undefined) {
      waiting++;
      await paused.until;
      waiting--;
    }
    if (failure !== undefined) throw failure;
    return inner.append(batch, options);
  };

  return Object.defineProperties(Object.create(inner) as ControlledStore, {
    name: { value: "controlled" },
    supports: { value: { ...inner.supports, durable: true } },
    append: { value: append },
    waiting: { get: () => waiting },
    pause: {
      value: () => {
        if (paused !== undefined) return;
        const { promise, resolve } = Promise.withResolvers<void>();
        paused = { until: promise, resume: resolve };
      },
    },
    resume: {
      value: () => {
        paused?.resume();
        paused = undefined;
      },
    },
    failWith: {
      value: (error: Error | undefined) => {
        failure = error;
      },
    },
  });
}

import { type MemoryStore, memoryStore } from "@daybook/core";
import type { AppendResult } from "@daybook/core/store";

/** A store in memory that a test can pause, resume and fail. It declares itself durable. */
export interface ControlledStore extends MemoryStore {
  /** From now on batches are queued and no `append` resolves. */
  pause(): void;
  /** Stores the queued batches and all later ones. */
  resume(): void;
  /** From now on every batch fails with this error; undefined ends that. */
  failWith(error: Error | undefined): void;
  /** Number of batches queued by the pause. */
  readonly waiting: number;
}

/** Returns a new `ControlledStore`. */
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

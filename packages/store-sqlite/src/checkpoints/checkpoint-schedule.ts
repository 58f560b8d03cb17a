import { DaybookError, isDaybookError } from "@daybook/core";
import { storeFailure } from "../database/sqlite-failure.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";
import { type Checkpoint, makeCheckpoint } from "./checkpointer.ts";
import type { WriterEvent } from "./writer-event.ts";

const AFTER_MS = 10_000;

/**
 * Schedules checkpoints: 10 s after the first new entry, at once after entries about compliance, and at close. The
 * writer stores batches between the steps of one checkpoint.
 */
export class CheckpointSchedule {
  readonly #scope: WriterScope;
  readonly #emit: (event: WriterEvent) => void;
  readonly #path: string;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<Checkpoint> | undefined;
  #closed = false;

  constructor(scope: WriterScope, path: string, emit: (event: WriterEvent) => void) {
    this.#scope = scope;
    this.#path = path;
    this.#emit = emit;
  }

  /** A writer that has only the seal key leaves signing to other processes. */
  get possible(): boolean {
    return this.#scope.keys.sign !== undefined;
  }

  entriesStored(urgent: boolean): void {
    if (!this.possible) return;
    if (urgent) this.#start(0);
    else if (this.#timer === undefined) this.#start(AFTER_MS);
  }

  run(): Promise<Checkpoint> {
    this.#running ??= this.#stepwise().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  stop(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Makes a checkpoint of all entries without a return to the event loop. */
  now(): Checkpoint | undefined {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.possible) return undefined;
    try {
      const steps = makeCheckpoint(this.#scope);
      for (;;) {
        const step = steps.next();
        if (step.done) return step.value;
      }
    } catch (cause) {
      this.#problem(cause);
      return undefined;
    }
  }

  #start(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const begun = performance.now();
      this.run().then(
        (checkpoint) =>
          checkpoint.made && this.#emit({ kind: "checkpoint", checkpoint, urgent: delayMs === 0, tookMs: performance.now() - begun }),
        (cause) => !this.#closed && this.#problem(cause),
      );
    }, delayMs);
    this.#timer.unref();
  }

  async #stepwise(): Promise<Checkpoint> {
    const steps = makeCheckpoint(this.#scope);
    for (;;) {
      if (this.#closed)
        throw new DaybookError("LOG_CLOSED", "The store was closed before the checkpoint was made; closing makes one itself.");
      const step = steps.next();
      if (step.done) return step.value;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  #problem(cause: unknown): void {
    const { code, hint } = isDaybookError(cause) ? cause : storeFailure(cause, this.#path);
    this.#emit({ kind: "problem", code, hint });
  }
}

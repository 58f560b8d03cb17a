import { randomInt } from "node:crypto";
import { isDaybookError } from "@daybook/core";
import type { WriterEvent } from "../checkpoints/writer-event.ts";
import { storeFailure } from "../database/sqlite-failure.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";
import type { Retention, RetentionResult } from "./retention.ts";
import { retentionPlaces } from "./retention-watermarks.ts";

/** Delay after opening, so that a start is not slowed down. Processes that start together do not all begin at once. */
const FIRST_AFTER_MS = 60_000;
const SPREAD_MS = 60_000;
const LOOK_EVERY_MS = 3_600_000;
const RUN_EVERY_MS = 20 * 3_600_000;

/** Runs retention once a day, in the process that first finds it due. */
export class RetentionSchedule {
  readonly #scope: WriterScope;
  readonly #retention: Retention;
  readonly #path: string;
  readonly #emit: (event: WriterEvent) => void;
  readonly #done: (result: RetentionResult) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param done called after each complete run */
  constructor(
    scope: WriterScope,
    retention: Retention,
    path: string,
    emit: (event: WriterEvent) => void,
    done: (result: RetentionResult) => void,
  ) {
    this.#scope = scope;
    this.#retention = retention;
    this.#path = path;
    this.#emit = emit;
    this.#done = done;
    this.#wait(FIRST_AFTER_MS + randomInt(SPREAD_MS));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#retention.stop();
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => void this.#look(), ms);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    try {
      const ended = Date.parse(retentionPlaces(this.#scope.db)?.ended ?? "");
      if (!(this.#scope.now() - ended < RUN_EVERY_MS)) this.#done(await this.#retention.run());
    } catch (cause) {
      if (this.#timer === undefined) return;
      const { code, hint } = isDaybookError(cause) ? cause : storeFailure(cause, this.#path);
      this.#emit({ kind: "problem", code, hint: `Retention did not come to its end: ${hint}` });
    }
    if (this.#timer !== undefined) this.#wait(LOOK_EVERY_MS);
  }
}

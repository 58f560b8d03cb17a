import type { WriterEvent } from "../checkpoints/writer-event.ts";
import { loadSqlite } from "../database/sqlite-driver.ts";
import { storeFailure } from "../database/sqlite-failure.ts";
import type { Writer } from "./writer.ts";
import { type WriterOperation, WriterOperations, type WriterSettings } from "./writer-operations.ts";

/** Writes on the caller's thread: for places without threads, and for `worker: false`. */
export class InThreadWriter implements Writer {
  readonly threaded = false;
  readonly #operations: WriterOperations;
  readonly #path: string;

  constructor(settings: WriterSettings, emit: (event: WriterEvent) => void) {
    this.#path = settings.path;
    this.#operations = new WriterOperations(loadSqlite(), settings, emit);
  }

  async call<T>(operation: WriterOperation, ...args: readonly unknown[]): Promise<T> {
    try {
      return await this.callSync<T>(operation, 0, ...args);
    } catch (cause) {
      throw storeFailure(cause, this.#path);
    }
  }

  callSync<T>(operation: WriterOperation, _deadlineMs: number, ...args: readonly unknown[]): T {
    try {
      return (this.#operations[operation] as (...args: readonly unknown[]) => T).apply(this.#operations, args as unknown[]);
    } catch (cause) {
      throw storeFailure(cause, this.#path);
    }
  }
}

import { DaybookError } from "@daybook/core";
import { storeFailure } from "./database/sqlite-failure.ts";
import type { FileWriter } from "./writer/file-writer.ts";
import type { WriterOperation } from "./writer/writer-operations.ts";

/** The way of every operation of a store to its file: refused after the close, with errors of the file as `DaybookError`. */
export class StoreAccess {
  readonly #path: string;
  readonly #writer: FileWriter;
  #closed = false;

  constructor(path: string, writer: FileWriter) {
    this.#path = path;
    this.#writer = writer;
  }

  close(): void {
    this.#closed = true;
  }

  /** @throws {DaybookError} `LOG_CLOSED` */
  refuseClosed(): void {
    if (this.#closed) throw new DaybookError("LOG_CLOSED", "The store is closed; open it again.");
  }

  write<T>(operation: WriterOperation, ...args: readonly unknown[]): Promise<T> {
    return this.open((writer) => writer.call<T>(operation, ...args));
  }

  async open<T>(action: (writer: FileWriter) => Promise<T>): Promise<T> {
    this.refuseClosed();
    return action(this.#writer);
  }

  openSync<T>(action: (writer: FileWriter) => T): T {
    this.refuseClosed();
    return action(this.#writer);
  }

  async read<T>(action: () => T | Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (cause) {
      throw storeFailure(cause, this.#path);
    }
  }

  readSync<T>(action: () => T): T {
    try {
      return action();
    } catch (cause) {
      throw storeFailure(cause, this.#path);
    }
  }

  async *rows<T>(rows: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* rows;
    } catch (cause) {
      throw storeFailure(cause, this.#path);
    }
  }
}

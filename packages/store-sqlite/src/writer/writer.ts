import type { WriterOperation } from "./writer-operations.ts";

/** Runs operations in the order of the calls. */
export interface Writer {
  /** True if writes run in a separate thread. */
  readonly threaded: boolean;
  /** @throws {DaybookError} the error of the operation, or `WRITER_FAILED` */
  call<T>(operation: WriterOperation, ...args: readonly unknown[]): Promise<T>;
  /**
   * The same without a return to the event loop, after all earlier calls.
   * @throws {DaybookError} `WRITER_FAILED`: no response within `deadlineMs`
   */
  callSync<T>(operation: WriterOperation, deadlineMs: number, ...args: readonly unknown[]): T;
}

import type { WriterOperation } from "./writer-operations.ts";

/** Carries operations to where they run. They begin in the order of the calls. */
export interface Writer {
  /** True where writes run in a thread of their own. */
  readonly threaded: boolean;
  /** @throws {DaybookError} what the operation threw, or `WRITER_FAILED` */
  call<T>(operation: WriterOperation, ...args: readonly unknown[]): Promise<T>;
  /**
   * The same without returning to the event loop, after everything asked before.
   * @throws {DaybookError} `WRITER_FAILED` where no answer came within `deadlineMs`
   */
  callSync<T>(operation: WriterOperation, deadlineMs: number, ...args: readonly unknown[]): T;
}

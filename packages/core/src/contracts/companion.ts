/** A queue of its own before the store of a log, such as that of a journal. It has to be written before the store closes. */
export interface Companion {
  /** Writes queued entries and takes no more. */
  close(): Promise<unknown>;
  /** `close` at process exit, without returning to the event loop. */
  closeSync(deadlineMs: number): void;
}

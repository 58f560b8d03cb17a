/** Something that keeps a queue of its own in front of the store of a log, such as a journal, and has to be done before the store closes. */
export interface Companion {
  /** Writes what waits and takes nothing more. */
  close(): Promise<unknown>;
  /** The same at process exit, without returning to the event loop. */
  closeSync(deadlineMs: number): void;
}

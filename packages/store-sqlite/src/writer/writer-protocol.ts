import type { MessagePort } from "node:worker_threads";
import type { WriterEvent } from "../checkpoints/writer-event.ts";
import type { ThreadFailure } from "../database/thread-failure.ts";
import type { WriterOperation, WriterSettings } from "./writer-operations.ts";

/** Start message of the writer thread. */
export interface WriterStart {
  readonly settings: WriterSettings;
  readonly port: MessagePort;
  /** Two 32-bit counters shared with the thread: `STATE`, and the number of sent responses. */
  readonly shared: SharedArrayBuffer;
}

export const STATE = 0;
export const RESPONSES = 1;

/** Values of `STATE`. */
export const STARTING = 0;
export const READY = 1;
export const REFUSED = 2;

export interface WriterCall {
  readonly call: number;
  readonly operation: WriterOperation;
  readonly args: readonly unknown[];
}

/** `call` 0 responds to the start; later messages with 0 are events. */
export interface WriterResponse {
  readonly call: number;
  readonly event?: WriterEvent;
  readonly value?: unknown;
  readonly failure?: ThreadFailure;
}

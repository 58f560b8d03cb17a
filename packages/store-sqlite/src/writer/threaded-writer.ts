import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { DaybookError, type ErrorCode } from "@daybook/core";
import type { WriterEvent } from "../checkpoints/writer-event.ts";
import type { ThreadFailure } from "../database/thread-failure.ts";
import type { Writer } from "./writer.ts";
import type { WriterOperation, WriterSettings } from "./writer-operations.ts";
import { READY, RESPONSES, STARTING, STATE, type WriterCall, type WriterResponse, type WriterStart } from "./writer-protocol.ts";
import writerThreadCode from "./writer-thread.ts?bundled";

const START_DEADLINE_MS = 30_000;
const YOUNG_GENERATION_MB = 3;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: DaybookError): void;
}

/** One thread with its port. A crash starts a new one. */
class Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly counters: Int32Array;
  readonly waiting = new Map<number, Waiting>();
  readonly ended: Promise<void>;
  calls = 0;
  alive = true;
  readonly #emit: (event: WriterEvent) => void;

  constructor(settings: WriterSettings, emit: (event: WriterEvent) => void) {
    this.#emit = emit;
    const { port1, port2 } = new MessageChannel();
    const shared = new SharedArrayBuffer(8);
    this.port = port1;
    this.counters = new Int32Array(shared);
    this.worker = new Worker(writerThreadCode, {
      eval: true,
      name: "daybook writer",
      workerData: { settings, port: port2, shared } satisfies WriterStart,
      transferList: [port2],
      // Preloads and flags of the application do not apply to this thread.
      execArgv: [],
      // Objects that live as long as one event need little memory; V8 would double it under load.
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    const { worker } = this;
    this.ended = new Promise((resolve) => {
      worker.once("error", (cause) => {
        this.fail(
          new DaybookError("WRITER_FAILED", "The writer thread ended with an error; it is started again with the next write.", { cause }),
        );
      });
      worker.once("exit", () => {
        // Its last messages may still be in the port: the exit of a thread overtakes them.
        for (let last = receiveMessageOnPort(port1); last !== undefined; last = receiveMessageOnPort(port1)) {
          this.settle(last.message as WriterResponse);
        }
        this.fail(new DaybookError("WRITER_FAILED", "The writer thread ended; it is started again with the next write."));
        resolve();
      });
    });
    if (Atomics.wait(this.counters, STATE, STARTING, START_DEADLINE_MS) === "timed-out") {
      void worker.terminate();
      throw new DaybookError("WRITER_FAILED", `The writer thread did not start within ${START_DEADLINE_MS / 1000} s.`);
    }
    if (Atomics.load(this.counters, STATE) !== READY) {
      const refusal = receiveMessageOnPort(port1)?.message as WriterResponse | undefined;
      this.alive = false;
      void worker.terminate();
      throw failureError(refusal?.failure ?? { code: "WRITER_FAILED", hint: "The writer thread refused to start." });
    }
    port1.on("message", (response: WriterResponse) => this.settle(response));
    worker.unref();
    port1.unref();
  }

  /** Bytes are transferred to the thread instead of copied, if nothing else is in their memory. */
  post(call: number, operation: WriterOperation, given: readonly unknown[]): void {
    const args = given.map((arg) => (arg instanceof Uint8Array && arg.byteLength < arg.buffer.byteLength ? new Uint8Array(arg) : arg));
    const moved = args.flatMap((arg) => (arg instanceof Uint8Array ? [arg.buffer as ArrayBuffer] : []));
    this.port.postMessage({ call, operation, args } satisfies WriterCall, moved);
  }

  settle({ call, event, value, failure }: WriterResponse): void {
    if (event !== undefined) {
      this.#emit(event);
      return;
    }
    const waiting = this.waiting.get(call);
    if (waiting === undefined) return;
    this.waiting.delete(call);
    if (this.waiting.size === 0) this.port.unref();
    if (failure === undefined) waiting.resolve(value);
    else waiting.reject(failureError(failure));
  }

  fail(error: DaybookError): void {
    this.alive = false;
    // The exit event may arrive before the last messages.
    for (let last = receiveMessageOnPort(this.port); last !== undefined; last = receiveMessageOnPort(this.port)) {
      this.settle(last.message as WriterResponse);
    }
    for (const waiting of this.waiting.values()) waiting.reject(error);
    this.waiting.clear();
    this.port.close();
  }
}

/** Writes in a separate thread, so that hashing, SQL and the disk never block the event loop. */
export class ThreadedWriter implements Writer {
  readonly threaded = true;
  readonly #settings: WriterSettings;
  #thread: Thread;
  readonly #emit: (event: WriterEvent) => void;

  constructor(settings: WriterSettings, emit: (event: WriterEvent) => void) {
    this.#settings = settings;
    this.#emit = emit;
    this.#thread = new Thread(settings, emit);
  }

  call<T>(operation: WriterOperation, ...args: readonly unknown[]): Promise<T> {
    const thread = this.#thread;
    if (!thread.alive)
      return Promise.reject(new DaybookError("WRITER_FAILED", "The writer thread has ended; it is started again with the next write."));
    return new Promise<T>((resolve, reject) => {
      // Only a pending call keeps the process alive, not the thread.
      if (thread.waiting.size === 0) thread.port.ref();
      const call = ++thread.calls;
      thread.waiting.set(call, { resolve: resolve as (value: unknown) => void, reject });
      thread.post(call, operation, args);
    });
  }

  callSync<T>(operation: WriterOperation, deadlineMs: number, ...args: readonly unknown[]): T {
    const thread = this.#thread;
    const call = ++thread.calls;
    const until = performance.now() + deadlineMs;
    thread.post(call, operation, args);
    for (;;) {
      const seen = Atomics.load(thread.counters, RESPONSES);
      for (let received = receiveMessageOnPort(thread.port); received !== undefined; received = receiveMessageOnPort(thread.port)) {
        const response = received.message as WriterResponse;
        if (response.call !== call) {
          thread.settle(response);
          continue;
        }
        if (response.failure !== undefined) throw failureError(response.failure);
        return response.value as T;
      }
      const left = until - performance.now();
      if (left <= 0 || Atomics.wait(thread.counters, RESPONSES, seen, left) === "timed-out") {
        throw new DaybookError("WRITER_FAILED", `The writer thread did not respond within ${deadlineMs} ms.`);
      }
    }
  }

  get alive(): boolean {
    return this.#thread.alive;
  }

  /** Starts a new thread if the last one ended; otherwise it does nothing. */
  revive(): void {
    if (this.#thread.alive) return;
    this.#thread = new Thread(this.#settings, this.#emit);
  }

  /** Resolves when the thread has ended. Call it after `close`. */
  async ended(): Promise<void> {
    // Nothing else keeps the process alive for these last milliseconds.
    this.#thread.worker.ref();
    await this.#thread.ended;
  }
}

const failureError = ({ code, hint }: ThreadFailure) => new DaybookError(code as ErrorCode, hint);

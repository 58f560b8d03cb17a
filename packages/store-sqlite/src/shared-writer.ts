import { type AppendResult, DaybookError, type EventDefinition, type SinkEntry } from "@daybook/core";
import { encodeBatch, type WriterDefinition, writerDefinition } from "./batch-encoding.ts";
import { InThreadWriter } from "./in-thread-writer.ts";
import { ThreadedWriter } from "./threaded-writer.ts";
import type { WriterEvent } from "./writer-event.ts";
import type { WriterOperation, WriterSettings } from "./writer-operations.ts";

/**
 * The one writer of a database file in this process. Stores that open the same file, a hot reload or a second copy of this
 * package share it; the last one to leave closes it.
 */
export class SharedWriter {
  readonly settings: WriterSettings;
  /** Said once, where no thread could be started. */
  readonly warning: string | undefined;
  readonly #writer: ThreadedWriter | InThreadWriter;
  readonly #places = new Map<EventDefinition, number>();
  readonly #listeners = new Set<(event: WriterEvent) => void>();
  #untold: WriterDefinition[] = [];
  #users = 0;

  constructor(settings: WriterSettings, inThread: boolean) {
    this.settings = settings;
    const emit = (event: WriterEvent) => {
      for (const listener of this.#listeners) {
        listener(event);
        // A checkpoint is published once, by whoever opened the file first.
        if (event.kind === "checkpoint") return;
      }
    };
    if (inThread) this.#writer = new InThreadWriter(settings, emit);
    else {
      const tellAgain = () => {
        this.#untold = [...this.#places.keys()].map(writerDefinition);
      };
      const { writer, warning } = startThread(settings, tellAgain, emit);
      this.#writer = writer;
      this.warning = warning;
    }
  }

  get threaded(): boolean {
    return this.#writer.threaded;
  }

  async append(batch: readonly SinkEntry[]): Promise<AppendResult> {
    if (this.#writer instanceof ThreadedWriter) this.#writer.revive();
    return { refused: await this.#writer.call("append", ...this.#encoded(batch)) };
  }

  appendSync(batch: readonly SinkEntry[], deadlineMs: number): AppendResult {
    return { refused: this.#writer.callSync("append", deadlineMs, ...this.#encoded(batch)) };
  }

  call<T>(operation: WriterOperation, ...args: readonly unknown[]): Promise<T> {
    if (this.#writer instanceof ThreadedWriter) this.#writer.revive();
    return this.#writer.call<T>(operation, ...args);
  }

  #encoded(batch: readonly SinkEntry[]): unknown[] {
    const flat = encodeBatch(batch, (definition) => this.#placeOf(definition));
    const untold = this.#untold;
    this.#untold = [];
    return [untold, flat];
  }

  #placeOf(definition: EventDefinition): number {
    let place = this.#places.get(definition);
    if (place === undefined) {
      place = this.#places.size;
      this.#places.set(definition, place);
      this.#untold.push(writerDefinition(definition));
    }
    return place;
  }

  /** @param listener told what the writer tells without being asked, until it leaves */
  enter(listener: (event: WriterEvent) => void): void {
    this.#users++;
    this.#listeners.add(listener);
  }

  /** Stores that use it now. */
  get users(): number {
    return this.#users;
  }

  /** Answers true to the last one, who closes it. */
  leave(listener: (event: WriterEvent) => void): boolean {
    this.#listeners.delete(listener);
    return --this.#users === 0;
  }

  async close(): Promise<void> {
    if (this.#writer instanceof InThreadWriter) return this.#writer.call("close");
    if (!this.#writer.alive) return;
    await this.#writer.call("close");
    await this.#writer.ended();
  }
}

function startThread(settings: WriterSettings, restarted: () => void, emit: (event: WriterEvent) => void) {
  try {
    return { writer: new ThreadedWriter(settings, restarted, emit), warning: undefined };
  } catch (cause) {
    // What the database itself refuses, it refuses here too, with the same words.
    const writer = new InThreadWriter(settings, emit);
    const reason = cause instanceof Error ? cause.message : String(cause);
    return { writer, warning: `the writer thread could not be started, so writes run on the main thread (${reason})` };
  }
}

const REGISTRY = Symbol.for("daybook.sqlite-writers.v1");
const shared = globalThis as { [REGISTRY]?: Map<string, SharedWriter> };
shared[REGISTRY] ??= new Map();
const writers: Map<string, SharedWriter> = shared[REGISTRY];

/**
 * @param settings `path` is the real path of the file
 * @throws {DaybookError} `BAD_OPTION` where the file is open in this process with other settings
 */
export function enterWriter(settings: WriterSettings, inThread: boolean, listener: (event: WriterEvent) => void): SharedWriter {
  let writer = writers.get(settings.path);
  if (writer === undefined) {
    writer = new SharedWriter(settings, inThread);
    writers.set(settings.path, writer);
  } else if (writer.settings.userIds !== settings.userIds || writer.settings.keys !== settings.keys) {
    throw new DaybookError(
      "BAD_OPTION",
      `${settings.path} is open in this process with other keys or another \`userIds\`; open it once, or with the same options.`,
    );
  }
  writer.enter(listener);
  return writer;
}

export async function leaveWriter(writer: SharedWriter, listener: (event: WriterEvent) => void): Promise<void> {
  if (!writer.leave(listener)) return;
  if (writers.get(writer.settings.path) === writer) writers.delete(writer.settings.path);
  await writer.close();
}

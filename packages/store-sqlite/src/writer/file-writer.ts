import { DaybookError } from "@daybook/core";
import type { AppendResult, RefusedEvent, SinkEntry } from "@daybook/core/store";
import { parseKeys } from "@daybook/ledger";
import type { WriterEvent } from "../checkpoints/writer-event.ts";
import { encodeEntry } from "../encoding/batch-encoding.ts";
import { EventSplitter } from "../encoding/event-splitter.ts";
import { InThreadWriter } from "./in-thread-writer.ts";
import { ThreadedWriter } from "./threaded-writer.ts";
import type { WriterOperation, WriterSettings } from "./writer-operations.ts";

/**
 * The one writer of a database file in this process. Stores that open the same file share it, such as after a hot
 * reload or with a second copy of this package. The last store to leave closes it.
 */
export class FileWriter {
  readonly settings: WriterSettings;
  /** Set if no thread could be started; reported once. */
  readonly warning: string | undefined;
  readonly #writer: ThreadedWriter | InThreadWriter;
  readonly #splitter: EventSplitter;
  readonly #listeners = new Set<(event: WriterEvent) => void>();
  #users = 0;

  constructor(settings: WriterSettings, inThread: boolean) {
    this.settings = settings;
    this.#splitter = new EventSplitter(parseKeys(settings.keys), settings.userIds);
    const emit = (event: WriterEvent) => {
      for (const listener of this.#listeners) {
        listener(event);
        // A checkpoint is published once, by the store that opened the file first.
        if (event.kind === "checkpoint") return;
      }
    };
    if (inThread) this.#writer = new InThreadWriter(settings, emit);
    else {
      const { writer, warning } = startThread(settings, emit);
      this.#writer = writer;
      this.warning = warning;
    }
  }

  get threaded(): boolean {
    return this.#writer.threaded;
  }

  /**
   * An event as a line for `appendLines`.
   * @throws {LedgerError} for an event that can never be stored
   */
  encode(entry: SinkEntry): string {
    return encodeEntry(entry, this.#splitter);
  }

  /** @param lines UTF-8, each ended by a line feed; the caller must not use the bytes afterwards */
  async appendLines(lines: Uint8Array): Promise<AppendResult> {
    return { refused: await this.call<readonly RefusedEvent[]>("append", lines) };
  }

  appendLinesSync(lines: Uint8Array, deadlineMs: number): AppendResult {
    return { refused: this.callSync<readonly RefusedEvent[]>("append", deadlineMs, lines) };
  }

  call<T>(operation: WriterOperation, ...args: readonly unknown[]): Promise<T> {
    if (this.#writer instanceof ThreadedWriter) this.#writer.revive();
    return this.#writer.call<T>(operation, ...args);
  }

  callSync<T>(operation: WriterOperation, deadlineMs: number, ...args: readonly unknown[]): T {
    return this.#writer.callSync<T>(operation, deadlineMs, ...args);
  }

  /** @param listener gets the messages of the writer until it leaves */
  enter(listener: (event: WriterEvent) => void): void {
    this.#users++;
    this.#listeners.add(listener);
  }

  /** Number of stores that use it now. */
  get users(): number {
    return this.#users;
  }

  /** @returns true for the last store, which closes the writer */
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

function startThread(settings: WriterSettings, emit: (event: WriterEvent) => void) {
  try {
    return { writer: new ThreadedWriter(settings, emit), warning: undefined };
  } catch (cause) {
    // If the database itself is the problem, this throws the same error.
    const writer = new InThreadWriter(settings, emit);
    const reason = cause instanceof Error ? cause.message : String(cause);
    return { writer, warning: `the writer thread could not be started, so writes run on the main thread (${reason})` };
  }
}

const REGISTRY = Symbol.for("daybook.sqlite-writers.v1");
const shared = globalThis as { [REGISTRY]?: Map<string, FileWriter> };
shared[REGISTRY] ??= new Map();
const writers: Map<string, FileWriter> = shared[REGISTRY];

/**
 * @param settings `path` is the real path of the file
 * @throws {DaybookError} `BAD_OPTION`: the file is open in this process with other settings
 */
export function enterWriter(settings: WriterSettings, inThread: boolean, listener: (event: WriterEvent) => void): FileWriter {
  let writer = writers.get(settings.path);
  if (writer === undefined) {
    writer = new FileWriter(settings, inThread);
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

export async function leaveWriter(writer: FileWriter, listener: (event: WriterEvent) => void): Promise<void> {
  if (!writer.leave(listener)) return;
  if (writers.get(writer.settings.path) === writer) writers.delete(writer.settings.path);
  await writer.close();
}

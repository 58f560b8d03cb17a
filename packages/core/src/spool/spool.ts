import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { EncodedEvent, EventCodec } from "../contracts/event-codec.ts";
import type { SinkEntry } from "../contracts/sink-entry.ts";
import { DaybookError } from "../daybook-error.ts";
import { type LeftRun, SpoolAdoption } from "./spool-adoption.ts";
import { SPOOL_FORMAT, SpoolFile, spoolEvent, spoolLine } from "./spool-file.ts";
import { enterRun, leaveRun, type SpoolOwner } from "./spool-owner.ts";
import { damagedSpool, spoolFailure } from "./spool-problems.ts";

export interface SpoolOptions {
  /** Every file of the spool begins with this path: `<path>.<run>`, one for each open log. */
  readonly path: string;
  /** Most bytes the file of this log may hold. */
  readonly maxBytes: number;
  readonly codec: EventCodec;
  /** Name of this log's life: process id and a random part. */
  readonly run: string;
  /** The store keeps an event once if it gets it twice. For other stores, the spool notes how far it was replayed. */
  readonly idempotent: boolean;
  readonly now: () => number;
  readonly problem: (error: DaybookError) => void;
}

export interface SpoolBatch {
  readonly events: readonly EncodedEvent[];
  /** Unreadable events before the end of this batch. */
  readonly lost: number;
  readonly end: number;
  readonly next: number;
}

const MOST_PER_BATCH = 512;

/**
 * Events on disk that the store could not take, in the order of recording. Each open log has a file of its own. The next log that opens
 * takes over the files of processes that are gone.
 */
export class Spool {
  readonly maxBytes: number;
  readonly #options: SpoolOptions;
  readonly #owner: SpoolOwner;
  readonly #adoption: SpoolAdoption;
  readonly #path: string;
  #file: SpoolFile;
  /** Number of the next event; numbers below `#expected` have been replayed. */
  #next = 0;
  #expected = 0;
  #readAt: number;
  #damaged = false;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: SpoolOptions, owner: SpoolOwner, file: SpoolFile) {
    this.maxBytes = options.maxBytes;
    this.#options = options;
    this.#owner = owner;
    const { path, now, problem } = options;
    this.#adoption = new SpoolAdoption({ path, owner, now, problem });
    this.#path = pathOf(options);
    this.#file = file;
    this.#readAt = file.size;
  }

  /** @throws {DaybookError} `SPOOL_FAILED` if the file cannot be created */
  static open(options: SpoolOptions): Spool {
    const owner = enterRun(options.run);
    try {
      mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
      return new Spool(options, owner, SpoolFile.create(pathOf(options), headerOf(owner)));
    } catch (cause) {
      leaveRun(options.run);
      throw spoolFailure(cause, pathOf(options));
    }
  }

  /** Returns an event as the spool holds it. */
  encode(entry: SinkEntry): EncodedEvent {
    const { id, type } = entry.event;
    return { id, type, text: this.#options.codec.encode(entry) };
  }

  /** Events to be replayed. */
  get pending(): number {
    return this.#next - this.#expected;
  }

  get bytes(): number {
    return this.#file.size;
  }

  /** An earlier run left a file; found without waiting. */
  hasOrphans(): boolean {
    return this.#adoption.orphans().length > 0;
  }

  /**
   * Writes events and flushes them to the disk: all or none.
   * @throws {DaybookError} `SPOOL_FULL`, `SPOOL_FAILED`: nothing was written
   */
  append(events: readonly EncodedEvent[]): Promise<void> {
    return this.#inTurn(async () => {
      await this.#returnToPath();
      if (events.length === 0) return;
      const lines = this.#lines(events);
      const first = this.#next;
      this.#next += events.length;
      try {
        await this.#file.append(lines);
      } catch (cause) {
        this.#next = first;
        throw spoolFailure(cause, this.#path);
      }
    });
  }

  /** `append` at process exit. */
  appendSync(events: readonly EncodedEvent[]): void {
    const lines = this.#lines(events);
    try {
      this.#file.appendSync(lines);
    } catch (cause) {
      throw spoolFailure(cause, this.#path);
    }
    this.#next += events.length;
  }

  /** The oldest events, which stay in the spool until `confirm`; undefined if the spool is empty. */
  next(): Promise<SpoolBatch | undefined> {
    return this.#inTurn(async () => {
      if (this.pending === 0) return undefined;
      const events: EncodedEvent[] = [];
      let lost = 0;
      let expected = this.#expected;
      let end = this.#readAt;
      for (;;) {
        const lines = await this.#file.read(end);
        for (const { record, end: after } of lines.records) {
          if (record.kind === "event" && record.n >= expected) {
            lost += record.n - expected;
            expected = record.n + 1;
            events.push(record);
          } else if (record.kind === "damaged") this.#damaged = true;
          end = after;
          if (events.length >= MOST_PER_BATCH) return { events, lost, end, next: expected };
        }
        if (events.length > 0) return { events, lost, end, next: expected };
        if (lines.records.length === 0) break;
      }
      // More was written than can be read: the last lines are damaged.
      this.#damaged = true;
      return { events, lost: lost + this.#next - expected, end: this.#file.size, next: this.#next };
    });
  }

  /** The batch is in the store. Empties a spool that was replayed to its end; keeps a damaged one under another name. */
  confirm(batch: SpoolBatch): Promise<void> {
    this.#expected = batch.next;
    this.#readAt = batch.end;
    return this.#inTurn(async () => {
      if (this.pending > 0) {
        if (!this.#options.idempotent) await this.#file.append(spoolLine(`r ${batch.next}`));
        return;
      }
      if (this.#damaged) {
        const aside = `${this.#path}.damaged`;
        this.#options.problem(damagedSpool(aside));
        renameSync(this.#path, aside);
        await this.#replace([]);
        this.#damaged = false;
        return;
      }
      this.#readAt = await this.#file.clear();
      this.#next = 0;
      this.#expected = 0;
    });
  }

  /** Takes over the events of processes that are gone. Returns undefined if another process is doing so. */
  adopt(): Promise<readonly LeftRun[] | undefined> {
    return this.#inTurn(() =>
      this.#adoption.adopt(async (events) => {
        await this.#file.append(events.map((event, i) => spoolEvent(this.#next + i, event)).join(""));
        this.#next += events.length;
      }),
    );
  }

  /**
   * Removes persons from the events in the spool.
   * @returns how many events held something of theirs
   */
  forget(userIds: readonly string[]): Promise<number> {
    return this.#inTurn(async () => {
      let changed = 0;
      const kept: EncodedEvent[] = [];
      for await (const { id, type, text } of this.#waiting()) {
        const rest = this.#options.codec.forget(text, userIds);
        if (rest !== text) changed++;
        if (rest !== undefined) kept.push({ id, type, text: rest });
      }
      if (changed > 0) await this.#replace(kept);
      return changed;
    });
  }

  touch(): void {
    this.#file.touch(this.#options.now());
  }

  /** Removes an empty file. Marks any other as closed, so that the next log knows it was left on purpose. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.closeSync();
      await this.#file.close();
    });
  }

  closeSync(): void {
    leaveRun(this.#options.run);
    try {
      if (this.pending === 0) rmSync(this.#path, { force: true });
      else this.#file.appendSync(spoolLine("c"));
    } catch (cause) {
      throw spoolFailure(cause, this.#path);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  #lines(events: readonly EncodedEvent[]): string {
    const lines = events.map((event, i) => spoolEvent(this.#next + i, event)).join("");
    if (this.#file.size + Buffer.byteLength(lines) > this.maxBytes) {
      throw new DaybookError(
        "SPOOL_FULL",
        `${this.#path} holds ${this.#file.size} of ${this.maxBytes} bytes; bring the store back or allow more.`,
      );
    }
    return lines;
  }

  /** Writes a new file if the present one was removed or its folder exchanged: events must not go to a file without a name. */
  async #returnToPath(): Promise<void> {
    if (this.#file.isAt(this.#path)) return;
    const kept: EncodedEvent[] = [];
    for await (const event of this.#waiting()) kept.push(event);
    await this.#replace(kept);
  }

  async *#waiting(): AsyncIterable<EncodedEvent> {
    for (let at = this.#readAt; at < this.#file.size; ) {
      const lines = await this.#file.read(at);
      if (lines.records.length === 0) return;
      for (const { record } of lines.records) if (record.kind === "event" && record.n >= this.#expected) yield record;
      at = lines.end;
    }
  }

  /** Replaces the present file by a new one with these events. */
  async #replace(events: readonly EncodedEvent[]): Promise<void> {
    const unfinished = `${this.#path}.new`;
    try {
      rmSync(unfinished, { force: true });
      const file = SpoolFile.create(unfinished, headerOf(this.#owner));
      const start = file.size;
      if (events.length > 0) await file.append(events.map((event, n) => spoolEvent(n, event)).join(""));
      renameSync(unfinished, this.#path);
      const old = this.#file;
      this.#file = file;
      this.#readAt = start;
      this.#next = events.length;
      this.#expected = 0;
      await old.close();
    } catch (cause) {
      throw spoolFailure(cause, this.#path);
    }
  }
}

const pathOf = ({ path, run }: SpoolOptions) => `${path}.${run}`;

const headerOf = (owner: SpoolOwner) => spoolLine(`${SPOOL_FORMAT} ${JSON.stringify(owner)}`);

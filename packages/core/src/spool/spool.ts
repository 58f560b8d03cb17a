import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { EncodedEvent, EventCodec } from "../contracts/event-codec.ts";
import type { SinkEntry } from "../contracts/sink-entry.ts";
import { DaybookError, isDaybookError } from "../daybook-error.ts";
import { isErrno } from "./node-error.ts";
import { SPOOL_FORMAT, SpoolFile, type SpoolRecord, spoolEvent, spoolLine } from "./spool-file.ts";
import { enterRun, leaveRun, ownerLives, type SpoolOwner } from "./spool-owner.ts";

export interface SpoolOptions {
  /** Every file of the spool begins with this path: `<path>.<run>`, one for each open log. */
  readonly path: string;
  /** Most bytes the file of this log may hold. */
  readonly maxBytes: number;
  readonly codec: EventCodec;
  /** Name of this log's life: process id and a random part. */
  readonly run: string;
  /** The store keeps an event that it is given again only once; otherwise the spool notes how far it was replayed. */
  readonly idempotent: boolean;
  readonly now: () => number;
  readonly problem: (error: DaybookError) => void;
}

export interface SpoolBatch {
  readonly events: readonly EncodedEvent[];
  /** Events before the end of this batch that could not be read any more. */
  readonly lost: number;
  readonly end: number;
  readonly next: number;
}

/** What an earlier run left behind. */
export interface LeftRun {
  readonly run: string;
  /** It was closed in good order, with events still to be replayed. */
  readonly clean: boolean;
  /** When it last gave a sign of life, milliseconds since the Unix epoch. */
  readonly alive: number;
  /** Events taken over. */
  readonly events: number;
  /** Events that could not be read, at least. */
  readonly lost: number;
  /** It ended within a line that was just being written. */
  readonly torn: boolean;
}

const MOST_PER_BATCH = 512;
const RUN = /^\d{1,10}-[0-9a-f]{12}$/;

/**
 * Events on disk that the store could not take, in the order in which they were recorded. Each open log has a file of its own; those
 * of processes that are gone are taken over by the next log that opens.
 */
export class Spool {
  readonly maxBytes: number;
  readonly #options: SpoolOptions;
  readonly #owner: SpoolOwner;
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
    this.#path = pathOf(options);
    this.#file = file;
    this.#readAt = file.size;
  }

  /** @throws {DaybookError} `SPOOL_FAILED` where the file cannot be made */
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

  /** Events that wait to be replayed. */
  get pending(): number {
    return this.#next - this.#expected;
  }

  get bytes(): number {
    return this.#file.size;
  }

  /** True where an earlier run left a file, found without waiting. */
  hasOrphans(): boolean {
    return this.#orphans().length > 0;
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

  /** The oldest events that wait; undefined where none do. They wait on until `confirm`. */
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
      // Nothing readable is left, but more was written: the last lines are damaged.
      this.#damaged = true;
      return { events, lost: lost + this.#next - expected, end: this.#file.size, next: this.#next };
    });
  }

  /** The batch is in the store. A spool that has been replayed is emptied; a damaged one is put aside under another name. */
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
        this.#options.problem(damagedError(aside));
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

  /** Takes over what processes that are gone have left. Undefined where another process is doing so. */
  adopt(): Promise<readonly LeftRun[] | undefined> {
    return this.#inTurn(async () => {
      const lock = `${this.#options.path}.lock`;
      if (!this.#lock(lock)) return undefined;
      try {
        const left: LeftRun[] = [];
        for (const { path, touched } of this.#orphans()) left.push(await this.#takeOver(path, touched));
        return left;
      } finally {
        rmSync(lock, { force: true });
      }
    });
  }

  /**
   * Removes persons from the events that wait.
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

  /** Removes the file where nothing waits in it; otherwise marks it, so that the next log knows it was left on purpose. */
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

  /** A file that was removed, or a folder that was put back, must not swallow events. */
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

  /** Puts a new file with these events in the place of the present one. */
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

  #orphans(): { path: string; touched: number }[] {
    const { path, run, now } = this.#options;
    const folder = dirname(path);
    const prefix = `${basename(path)}.`;
    const found: { path: string; touched: number }[] = [];
    for (const name of readdirSync(folder)) {
      if (!name.startsWith(prefix)) continue;
      const other = name.slice(prefix.length);
      if (!RUN.test(other) || other === run) continue;
      const touched = statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs;
      if (touched === undefined) continue;
      const owner = ownerOf(readFirstLine(join(folder, name)));
      // Without a readable owner only silence tells that nobody writes it any more.
      if (!ownerLives(owner ?? { run: other, pid: 0, host: "" }, touched, now())) found.push({ path: join(folder, name), touched });
    }
    return found.toSorted((a, b) => a.touched - b.touched);
  }

  async #takeOver(path: string, touched: number): Promise<LeftRun> {
    const file = SpoolFile.open(path);
    try {
      const survey = await surveyOf(file);
      let events = 0;
      for (let at = 0; at < file.size; ) {
        const read = await file.read(at);
        const waiting = read.records.flatMap(({ record }) => (record.kind === "event" && record.n >= survey.replayed ? [record] : []));
        const lines = waiting.map((event, i) => spoolEvent(this.#next + i, event)).join("");
        if (waiting.length > 0) await this.#file.append(lines);
        this.#next += waiting.length;
        events += waiting.length;
        if (read.records.length === 0) break;
        at = read.end;
      }
      // Left by an owner that died while it rewrote its file.
      rmSync(`${path}.new`, { force: true });
      if (survey.damaged) {
        renameSync(path, `${path}.damaged`);
        this.#options.problem(damagedError(`${path}.damaged`));
      } else rmSync(path, { force: true });
      const run = basename(path).slice(basename(this.#options.path).length + 1);
      return { run, clean: survey.closed, alive: touched, events, lost: survey.lost, torn: survey.torn };
    } catch (cause) {
      throw spoolFailure(cause, path);
    } finally {
      await file.close();
    }
  }

  /** Made exclusively; one whose maker is gone is removed. */
  #lock(path: string): boolean {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        const fd = openSync(path, "wx", 0o600);
        writeSync(fd, JSON.stringify(this.#owner));
        closeSync(fd);
        return true;
      } catch (cause) {
        if (!isErrno(cause, "EEXIST")) throw spoolFailure(cause, path);
      }
      const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (ownerLives(lockOwner(path) ?? { run: "", pid: 0, host: "" }, touched, this.#options.now())) return false;
      rmSync(path, { force: true });
    }
    return false;
  }
}

const pathOf = ({ path, run }: SpoolOptions) => `${path}.${run}`;

const headerOf = (owner: SpoolOwner) => spoolLine(`${SPOOL_FORMAT} ${JSON.stringify(owner)}`);

function ownerOf(record: SpoolRecord | undefined): SpoolOwner | undefined {
  if (record?.kind !== "header") return undefined;
  const owner = record.owner as Partial<SpoolOwner>;
  return typeof owner.run === "string" && typeof owner.pid === "number" && typeof owner.host === "string"
    ? (owner as SpoolOwner)
    : undefined;
}

function readFirstLine(path: string): SpoolRecord | undefined {
  const file = SpoolFile.open(path);
  try {
    return file.firstLine();
  } finally {
    file.closeSync();
  }
}

function lockOwner(path: string): SpoolOwner | undefined {
  try {
    return ownerOf({ kind: "header", owner: JSON.parse(readFileSync(path, "utf8")) });
  } catch {
    // Just being written, or removed: its age decides.
    return undefined;
  }
}

/** One pass over a file an earlier run has left: how far it was replayed and what is wrong with it. */
async function surveyOf(file: SpoolFile) {
  let replayed = 0;
  let closed = false;
  let damaged = false;
  let torn = false;
  let lost = 0;
  let expected = 0;
  /** Damaged lines since the last event that could be read: how many events they were is known when the next one tells its number. */
  let unread = 0;
  const first = file.firstLine();
  if (first?.kind !== "header") damaged = file.size > 0;
  for (let at = 0; at < file.size; ) {
    const lines = await file.read(at);
    for (const { record } of lines.records) {
      if (record.kind === "damaged") {
        damaged = true;
        unread++;
      } else if (record.kind === "event") {
        lost += Math.max(0, record.n - expected);
        expected = record.n + 1;
        unread = 0;
      } else if (record.kind === "replayed") replayed = record.n;
      else if (record.kind === "closed") closed = true;
    }
    torn = lines.rest > 0;
    if (lines.records.length === 0) break;
    at = lines.end;
  }
  return { replayed, closed, damaged, torn, lost: lost + unread };
}

const damagedError = (aside: string) =>
  new DaybookError("SPOOL_DAMAGED", `What could be read of it is replayed; the file was put aside as ${aside} for somebody to look at.`);

function spoolFailure(cause: unknown, path: string): DaybookError {
  if (isDaybookError(cause)) return cause;
  return new DaybookError("SPOOL_FAILED", `${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

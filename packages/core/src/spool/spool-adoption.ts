import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { EncodedEvent } from "../contracts/event-codec.ts";
import type { DaybookError } from "../daybook-error.ts";
import { isErrno } from "./node-error.ts";
import { SpoolFile, type SpoolRecord } from "./spool-file.ts";
import { ownerLives, type SpoolOwner } from "./spool-owner.ts";
import { damagedSpool, spoolFailure } from "./spool-problems.ts";

/** What an earlier run left behind. */
export interface LeftRun {
  readonly run: string;
  /** The run was closed in good order, with events still to be replayed. */
  readonly clean: boolean;
  /** When the run last touched its file, milliseconds since the Unix epoch. */
  readonly alive: number;
  /** Events taken over. */
  readonly events: number;
  /** Events that could not be read, at least. */
  readonly lost: number;
  /** The file ends within a line that was being written. */
  readonly torn: boolean;
}

export interface SpoolAdoptionOptions {
  /** Every file of the spool begins with this path. */
  readonly path: string;
  readonly owner: SpoolOwner;
  readonly now: () => number;
  readonly problem: (error: DaybookError) => void;
}

/** A spool file without a live owner. */
interface Orphan {
  readonly path: string;
  /** Milliseconds since the Unix epoch. */
  readonly touched: number;
}

const RUN = /^\d{1,10}-[0-9a-f]{12}$/;

/** Takes over the spool files of processes that are gone. */
export class SpoolAdoption {
  readonly #options: SpoolAdoptionOptions;

  constructor(options: SpoolAdoptionOptions) {
    this.#options = options;
  }

  /** Files of earlier runs, the oldest first; found without waiting. */
  orphans(): Orphan[] {
    const { path, owner, now } = this.#options;
    const folder = dirname(path);
    const prefix = `${basename(path)}.`;
    const found: Orphan[] = [];
    for (const name of readdirSync(folder)) {
      if (!name.startsWith(prefix)) continue;
      const run = name.slice(prefix.length);
      if (!RUN.test(run) || run === owner.run) continue;
      const touched = statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs;
      if (touched === undefined) continue;
      const other = ownerOf(readFirstLine(join(folder, name)));
      // Without a readable owner, only silence shows that no process writes the file any more.
      if (!ownerLives(other ?? { run, pid: 0, host: "" }, touched, now())) found.push({ path: join(folder, name), touched });
    }
    return found.toSorted((a, b) => a.touched - b.touched);
  }

  /**
   * Gives the events of every orphan to `take`, oldest file first, and removes the files.
   * @returns undefined if another process is doing so
   * @throws {DaybookError} `SPOOL_FAILED`
   */
  async adopt(take: (events: readonly EncodedEvent[]) => Promise<void>): Promise<readonly LeftRun[] | undefined> {
    const lock = `${this.#options.path}.lock`;
    if (!this.#lock(lock)) return undefined;
    try {
      const left: LeftRun[] = [];
      for (const orphan of this.orphans()) left.push(await this.#takeOver(orphan, take));
      return left;
    } finally {
      rmSync(lock, { force: true });
    }
  }

  async #takeOver({ path, touched }: Orphan, take: (events: readonly EncodedEvent[]) => Promise<void>): Promise<LeftRun> {
    const file = SpoolFile.open(path);
    try {
      const survey = await surveyOf(file);
      let events = 0;
      for (let at = 0; at < file.size; ) {
        const { records, end } = await file.read(at);
        const waiting = records.flatMap(({ record }) => (record.kind === "event" && record.n >= survey.replayed ? [record] : []));
        if (waiting.length > 0) await take(waiting);
        events += waiting.length;
        if (records.length === 0) break;
        at = end;
      }
      // The owner may have died while it rewrote its file.
      rmSync(`${path}.new`, { force: true });
      if (survey.damaged) {
        renameSync(path, `${path}.damaged`);
        this.#options.problem(damagedSpool(`${path}.damaged`));
      } else rmSync(path, { force: true });
      const run = basename(path).slice(basename(this.#options.path).length + 1);
      return { run, clean: survey.closed, alive: touched, events, lost: survey.lost, torn: survey.torn };
    } catch (cause) {
      throw spoolFailure(cause, path);
    } finally {
      await file.close();
    }
  }

  /** Creates the lock file, unless a live process holds it. */
  #lock(path: string): boolean {
    const { owner, now } = this.#options;
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        const fd = openSync(path, "wx", 0o600);
        writeSync(fd, JSON.stringify(owner));
        closeSync(fd);
        return true;
      } catch (cause) {
        if (!isErrno(cause, "EEXIST")) throw spoolFailure(cause, path);
      }
      const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (ownerLives(lockOwner(path) ?? { run: "", pid: 0, host: "" }, touched, now())) return false;
      rmSync(path, { force: true });
    }
    return false;
  }
}

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
    // The lock is being written, or was removed: its age decides.
    return undefined;
  }
}

/** Reads the file of an earlier run once: how far it was replayed, and what is wrong with it. */
async function surveyOf(file: SpoolFile) {
  let replayed = 0;
  let closed = false;
  let damaged = false;
  let torn = false;
  let lost = 0;
  let expected = 0;
  /** Damaged lines since the last readable event. The number of the next event shows how many events they were. */
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

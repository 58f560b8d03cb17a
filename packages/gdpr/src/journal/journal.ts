import { type AuditLog, DaybookError, isDaybookError, type JsonObject } from "@daybook/core";
import {
  type AuditStore,
  type ConsentInForce,
  type ConsentStore,
  type JournalEntry,
  type JournalFilter,
  type JournalPage,
  type JournalStore,
  type JournalVerdict,
  journalDeleted,
  type NewJournalEntry,
  personExported,
  uuidV7,
} from "@daybook/core/store";
import { isPersonId } from "../person/identity.ts";
import { personsOf } from "../person/persons-of.ts";
import { enterJournal, leaveJournal } from "./journal-registry.ts";

/** What may be said about one doing. Texts that are too long are cut, and the entry says so in `details.truncated`. */
export interface JournalEntryFields {
  /** The words of a search or the text of a note, at most 4 000 characters. */
  readonly query?: string;
  readonly resource?: { readonly type: string; readonly id?: string };
  readonly collection?: string;
  /** At most 8 000 characters as JSON. */
  readonly details?: JsonObject;
}

/**
 * What became of an entry. `no_consent`: no consent held when it happened, so nothing was kept. `rejected`: one did, but no longer when
 * the entry was to be written. `refused`: it is no entry. `lost`: the store could not write it in time, or there was no room to wait.
 */
export type JournalOutcome =
  | { readonly outcome: "stored" | "no_consent" }
  | { readonly outcome: "rejected"; readonly reason: Exclude<JournalVerdict, "stored"> }
  | { readonly outcome: "refused" | "lost"; readonly error: DaybookError };

export interface JournalOptions {
  readonly audit: AuditLog;
  readonly store: AuditStore & ConsentStore & JournalStore;
  /** The purpose whose consent permits entries. Default `personal_diary`. */
  readonly purpose?: string;
  /** Entries that may wait. Default 10 000. */
  readonly maxEntries?: number;
  /** An entry that could not be stored within this time is given up. Milliseconds, default 30 000. */
  readonly deadlineMs?: number;
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

/** Since the journal was opened. At every moment `accepted` = `stored` + `queued` + `lost` + the sum of `rejected`. */
export interface JournalStats {
  readonly purpose: string;
  readonly accepted: number;
  readonly stored: number;
  readonly queued: number;
  /** Attempts without consent; nothing of them was kept. */
  readonly noConsent: number;
  readonly refused: number;
  readonly lost: number;
  readonly rejected: Readonly<Record<Exclude<JournalVerdict, "stored">, number>>;
}

export interface ReadOptions extends JournalFilter {
  /** 1 to 1000. Default 100. */
  readonly limit?: number;
  readonly order?: "newest" | "oldest";
  readonly cursor?: string;
}

export interface DeleteOptions {
  /** Only entries older than this, ISO time. Default: all. */
  readonly before?: string;
  /** Only these entries, by id. Default: all. */
  readonly entries?: readonly string[];
}

interface Waiting {
  readonly activity: NewJournalEntry;
  readonly done: (outcome: JournalOutcome) => void;
}

const CODE = /^[a-z][a-z0-9_.]{0,63}$/;
const LONGEST_QUERY = 4_000;
const LONGEST_ID = 512;
const LONGEST_DETAILS = 8_000;
const MOST_PER_BATCH = 512;
const RETRY_MS = [20, 50, 100, 200, 500, 1_000];

/**
 * The person's own journal: what they searched, read, marked and noted, kept only while they want it. `record` looks whether a
 * consent holds and drops the entry at once where none does; whether it still holds is decided again inside the transaction that
 * stores the entry.
 */
export class Journal {
  readonly purpose: string;
  readonly #audit: AuditLog;
  readonly #store: AuditStore & ConsentStore & JournalStore;
  readonly #now: () => number;
  readonly #maxEntries: number;
  readonly #deadlineMs: number;
  readonly #looking = new Set<Promise<ConsentInForce | undefined>>();
  readonly #leave: () => void;
  #waiting: Waiting[] = [];
  #inFlight: readonly Waiting[] = [];
  #running: Promise<void> | undefined;
  #closed = false;
  #accepted = 0;
  #stored = 0;
  #noConsent = 0;
  #refused = 0;
  #lost = 0;
  readonly #rejected = { no_consent_at_write: 0, late_event: 0, wrong_version: 0, withdrawn_in_flight: 0 };

  /** Prefer `createJournal`. */
  constructor({ audit, store, purpose = "personal_diary", maxEntries = 10_000, deadlineMs = 30_000, clock }: JournalOptions) {
    if (!CODE.test(purpose)) throw new DaybookError("BAD_OPTION", "`purpose` is a code such as personal_diary.");
    this.purpose = purpose;
    this.#audit = audit;
    this.#store = store;
    this.#maxEntries = maxEntries;
    this.#deadlineMs = deadlineMs;
    this.#now = clock === undefined ? Date.now : () => clock.now();
    enterJournal(store, this);
    this.#leave = audit.accompany(this);
  }

  /**
   * Keeps what somebody did, if they agreed to that. Never rejects and need not be awaited: a journal must not break what it follows.
   * @param activity `search`, `read`, `bookmark`, `note` or a code of the application
   */
  async record(userId: string, activity: string, fields: JournalEntryFields = {}): Promise<JournalOutcome> {
    const at = this.#now();
    try {
      if (this.#closed) throw new DaybookError("LOG_CLOSED", "Record before close() is called, or open a new journal.");
      const entry = checkedEntry(userId, activity, fields);
      const held =
        this.#store.consentInForceNow === undefined
          ? await this.#look(userId, at)
          : this.#store.consentInForceNow(userId, this.purpose, at);
      if (held === undefined) {
        this.#noConsent++;
        return { outcome: "no_consent" };
      }
      return await this.#push({ ...entry, id: uuidV7(at), userId, at, purpose: this.purpose, consent: held.consent });
    } catch (cause) {
      const error = asError(cause);
      this.#refused++;
      this.#audit.problem(error);
      return { outcome: "refused", error };
    }
  }

  /** One page, newest first. Reading one's own journal leaves no record; an operator who reads it uses `export`. */
  read(userId: string, { limit, order, cursor, ...filter }: ReadOptions = {}): Promise<JournalPage> {
    return this.#store.journalPage(
      userId,
      { purpose: this.purpose, ...filter },
      { ...(limit === undefined ? {} : { limit }), ...(order === undefined ? {} : { order }), ...(cursor === undefined ? {} : { cursor }) },
    );
  }

  count(userId: string, filter: JournalFilter = {}): Promise<number> {
    return this.#store.countJournal(userId, { purpose: this.purpose, ...filter });
  }

  /** Everything in it, oldest first, with a record of the export in the trail once it was read to its end. */
  async *export(userId: string, format: string): AsyncGenerator<JournalEntry> {
    let journal = 0;
    for await (const activity of this.#store.scanJournal(userId, { purpose: this.purpose })) {
      journal++;
      yield activity;
    }
    const data = { scope: "journal", format, records: 0, journal, consents: 0 };
    await this.#audit.record(personExported, { ...personsOf(userId, "self"), data }).stored;
  }

  /**
   * Deletes the journal, or a part of it, in the transaction that records that. What was recorded before the call goes too.
   * @returns how many entries
   */
  async delete(userId: string, { before, entries }: DeleteOptions = {}): Promise<number> {
    if (before !== undefined && Number.isNaN(Date.parse(before))) throw new DaybookError("BAD_OPTION", "`before` is an ISO time.");
    if (entries !== undefined && entries.length > 1_000)
      throw new DaybookError("BAD_OPTION", "Delete at most 1000 entries by id at a time, or all of them.");
    await this.flush();
    const until = before === undefined ? {} : { until: Date.parse(before) };
    const held = await this.count(userId, until);
    if (held === 0) return 0;
    const data = {
      rows: entries === undefined ? held : entries.length,
      purpose: this.purpose,
      ...(before === undefined ? {} : { before: new Date(before).toISOString() }),
      ...(entries === undefined ? {} : { entries: [...entries] }),
    };
    await this.#audit.record(journalDeleted, { ...personsOf(userId, "self"), data }).stored;
    return held - (await this.count(userId, until));
  }

  /** Drops what waits for a person; called when a consent ends. */
  purge(userId: string, purpose: string): void {
    if (purpose !== this.purpose) return;
    const gone = this.#waiting.filter(({ activity }) => activity.userId === userId);
    if (gone.length === 0) return;
    this.#waiting = this.#waiting.filter(({ activity }) => activity.userId !== userId);
    for (const entry of gone) this.#settle(entry, "withdrawn_in_flight");
  }

  stats(): JournalStats {
    return {
      purpose: this.purpose,
      accepted: this.#accepted,
      stored: this.#stored,
      queued: this.#waiting.length + this.#inFlight.length,
      noConsent: this.#noConsent,
      refused: this.#refused,
      lost: this.#lost,
      rejected: { ...this.#rejected },
    };
  }

  /** Settles when everything recorded so far is stored, rejected or lost. */
  async flush(): Promise<void> {
    for (;;) {
      // An entry that still looks for its consent joins the queue in the turn after it has found it.
      if (this.#looking.size > 0) await Promise.allSettled(this.#looking);
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#running !== undefined) await this.#running;
      else if (this.#looking.size === 0) return;
    }
  }

  /** Writes what waits. The audit log does this too before it closes. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
    this.#leave();
    leaveJournal(this.#store, this);
  }

  /** At process exit, where the audit log calls it: writes what waits, without returning to the event loop. */
  closeSync(deadlineMs: number): void {
    this.#closed = true;
    const batch = [...this.#inFlight, ...this.#waiting];
    if (batch.length === 0) return;
    this.#inFlight = [];
    this.#waiting = [];
    let error = new DaybookError("STORE_FAILED", "This store cannot take entries of a journal while the process exits.");
    try {
      // What was in flight goes first again: an entry that is there by now is kept once.
      const entries = batch.map(({ activity }) => activity);
      const verdicts = this.#store.appendJournalSync?.(entries, this.#now(), deadlineMs);
      if (verdicts !== undefined) {
        for (const [i, entry] of batch.entries()) this.#settle(entry, verdicts[i]!);
        return;
      }
    } catch (cause) {
      error = asError(cause);
    }
    for (const entry of batch) this.#lose(entry, error);
  }

  async #look(userId: string, at: number): Promise<ConsentInForce | undefined> {
    const looking = this.#store.consentInForce(userId, this.purpose, at);
    this.#looking.add(looking);
    try {
      return await looking;
    } finally {
      this.#looking.delete(looking);
    }
  }

  #push(activity: NewJournalEntry): Promise<JournalOutcome> {
    this.#accepted++;
    return new Promise((done) => {
      const entry = { activity, done };
      if (this.#waiting.length >= this.#maxEntries) {
        this.#lose(entry, new DaybookError("QUEUE_FULL", "The store is slower than entries of the journal arrive."));
        return;
      }
      this.#waiting.push(entry);
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    // What the caller records in the same turn goes into the same transaction.
    await new Promise<void>((resolve) => setImmediate(resolve));
    for (let failures = 0; this.#waiting.length > 0; ) {
      const batch = this.#waiting.splice(0, MOST_PER_BATCH);
      this.#inFlight = batch;
      try {
        const verdicts = await this.#store.appendJournal(
          batch.map(({ activity }) => activity),
          this.#now(),
        );
        if (this.#inFlight !== batch) return;
        this.#inFlight = [];
        failures = 0;
        for (const [i, entry] of batch.entries()) this.#settle(entry, verdicts[i]!);
      } catch (cause) {
        if (this.#inFlight !== batch) return;
        this.#inFlight = [];
        const error = asError(cause);
        if (failures === 0) this.#audit.problem(error);
        // A store that is closed does not come back.
        const tooOld = error.code === "LOG_CLOSED" ? Number.POSITIVE_INFINITY : this.#now() - this.#deadlineMs;
        for (const entry of batch) if (entry.activity.at <= tooOld) this.#lose(entry, error);
        this.#waiting.unshift(...batch.filter(({ activity }) => activity.at > tooOld));
        await new Promise<void>((resolve) => setTimeout(resolve, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]));
      }
    }
    this.#running = undefined;
  }

  #settle({ done }: Waiting, verdict: JournalVerdict): void {
    if (verdict === "stored") {
      this.#stored++;
      done({ outcome: "stored" });
    } else {
      this.#rejected[verdict]++;
      done({ outcome: "rejected", reason: verdict });
    }
  }

  #lose({ done }: Waiting, error: DaybookError): void {
    this.#lost++;
    this.#audit.problem(error);
    done({ outcome: "lost", error });
  }
}

/** A journal over a store that keeps consents and journals. */
export const createJournal = (options: JournalOptions): Journal => new Journal(options);

type EntryFields = Pick<NewJournalEntry, "activity" | "query" | "resourceType" | "resourceId" | "collection" | "details">;

function checkedEntry(userId: string, activity: string, { query, resource, collection, details }: JournalEntryFields): EntryFields {
  if (!isPersonId(userId)) throw bad("the id of a person", "text of 1 to 512 characters");
  if (typeof activity !== "string" || !CODE.test(activity)) throw bad("the activity", "a code such as search");
  let truncated = false;
  const cut = (value: unknown, longest: number) => {
    const text = String(value).toWellFormed();
    if (text.length <= longest) return text;
    truncated = true;
    return text.slice(0, longest).toWellFormed();
  };
  const kept: { -readonly [K in keyof EntryFields]: EntryFields[K] } = { activity };
  if (query !== undefined) kept.query = cut(query, LONGEST_QUERY);
  if (resource !== undefined) {
    if (!CODE.test(resource.type)) throw bad("`resource.type`", "a code such as book");
    kept.resourceType = resource.type;
    if (resource.id !== undefined) kept.resourceId = cut(resource.id, LONGEST_ID);
  }
  if (collection !== undefined) kept.collection = cut(collection, LONGEST_ID);
  let own: JsonObject | undefined;
  if (details !== undefined) {
    const text = jsonOf(details);
    if (text.length <= LONGEST_DETAILS) own = JSON.parse(text) as JsonObject;
    else truncated = true;
  }
  if (truncated) own = { ...own, truncated: true };
  if (own !== undefined) kept.details = own;
  return kept;
}

function jsonOf(details: unknown): string {
  if (typeof details !== "object" || details === null || Array.isArray(details)) throw bad("`details`", "an object");
  try {
    return JSON.stringify(details).toWellFormed();
  } catch (cause) {
    throw new DaybookError("BAD_EVENT", `\`details\` cannot be written as JSON: ${messageOf(cause)}`, { cause });
  }
}

const asError = (cause: unknown) => (isDaybookError(cause) ? cause : new DaybookError("STORE_FAILED", messageOf(cause), { cause }));
const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));
const bad = (what: string, rule: string) => new DaybookError("BAD_EVENT", `In an entry of a journal, ${what} must be ${rule}.`);

import { type AuditLog, DaybookError } from "@daybook/core";
import {
  type AuditStore,
  asError,
  type ConsentInForce,
  type ConsentStore,
  defined,
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
import { personsOf } from "../person/persons-of.ts";
import { CODE, checkedEntry } from "./checked-entry.ts";
import {
  DEFAULT_JOURNAL_DEADLINE_MS,
  DEFAULT_JOURNAL_ENTRIES,
  DEFAULT_JOURNAL_PURPOSE,
  type DeleteOptions,
  type JournalEntryFields,
  type JournalOptions,
  type JournalOutcome,
  type JournalStats,
  type ReadOptions,
} from "./journal-options.ts";
import { enterJournal, leaveJournal } from "./journal-registry.ts";

interface Waiting {
  readonly activity: NewJournalEntry;
  readonly done: (outcome: JournalOutcome) => void;
}

const MOST_PER_BATCH = 512;
const RETRY_MS = [20, 50, 100, 200, 500, 1_000];

/**
 * The journal of persons: what each of them searched, read, marked and noted, kept only while the person agrees. `record` drops the
 * entry at once if no consent is in force. The transaction that stores the entry checks the consent again.
 */
export class Journal {
  /** The purpose whose consent permits entries. */
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
  constructor({
    audit,
    store,
    purpose = DEFAULT_JOURNAL_PURPOSE,
    maxEntries = DEFAULT_JOURNAL_ENTRIES,
    deadlineMs = DEFAULT_JOURNAL_DEADLINE_MS,
    clock,
  }: JournalOptions) {
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
   * Keeps one activity of a person who agreed to it. Never rejects and need not be awaited: a journal must not break the application.
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
      const error = asError(cause, "STORE_FAILED", "the journal entry");
      this.#refused++;
      this.#audit.problem(error);
      return { outcome: "refused", error };
    }
  }

  /** One page, newest first. It leaves no record, because the person reads it. An operator uses `export`, which does. */
  read(userId: string, { limit, order, cursor, ...filter }: ReadOptions = {}): Promise<JournalPage> {
    return this.#store.journalPage(userId, { purpose: this.purpose, ...filter }, defined({ limit, order, cursor }));
  }

  /** Number of entries. */
  count(userId: string, filter: JournalFilter = {}): Promise<number> {
    return this.#store.countJournal(userId, { purpose: this.purpose, ...filter });
  }

  /** All entries, oldest first. The export is recorded in the trail when the last entry was read. */
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
   * Deletes the journal, or some of its entries, in the transaction that records the deletion. Queued entries are included.
   * @returns how many entries were deleted
   */
  async delete(userId: string, { before, entries }: DeleteOptions = {}): Promise<number> {
    if (before !== undefined && Number.isNaN(Date.parse(before))) throw new DaybookError("BAD_OPTION", "`before` is an ISO time.");
    if (entries !== undefined && entries.length > 1_000)
      throw new DaybookError("BAD_OPTION", "Delete at most 1000 entries by id at a time, or all of them.");
    await this.flush();
    const until = defined({ until: before === undefined ? undefined : Date.parse(before) });
    const held = await this.count(userId, until);
    if (held === 0) return 0;
    const data = defined({
      rows: entries === undefined ? held : entries.length,
      purpose: this.purpose,
      before: before === undefined ? undefined : new Date(before).toISOString(),
      entries: entries === undefined ? undefined : [...entries],
    });
    await this.#audit.record(journalDeleted, { ...personsOf(userId, "self"), data }).stored;
    return held - (await this.count(userId, until));
  }

  /** Drops the queued entries of a person; called when a consent ends. */
  purge(userId: string, purpose: string): void {
    if (purpose !== this.purpose) return;
    const gone = this.#waiting.filter(({ activity }) => activity.userId === userId);
    if (gone.length === 0) return;
    this.#waiting = this.#waiting.filter(({ activity }) => activity.userId !== userId);
    for (const entry of gone) this.#settle(entry, "withdrawn_in_flight");
  }

  /** Counters since the journal was opened. */
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

  /** Resolves when all entries recorded so far are stored, rejected or lost. */
  async flush(): Promise<void> {
    for (;;) {
      // An entry joins the queue in the turn after its consent was found.
      if (this.#looking.size > 0) await Promise.allSettled(this.#looking);
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#running !== undefined) await this.#running;
      else if (this.#looking.size === 0) return;
    }
  }

  /** Writes the queued entries. The audit log calls it too, before it closes. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
    this.#leave();
    leaveJournal(this.#store, this);
  }

  /** Writes the queued entries at process exit, without a return to the event loop. The audit log calls it. */
  closeSync(deadlineMs: number): void {
    this.#closed = true;
    const batch = [...this.#inFlight, ...this.#waiting];
    if (batch.length === 0) return;
    this.#inFlight = [];
    this.#waiting = [];
    let error = new DaybookError("STORE_FAILED", "This store cannot take journal entries while the process exits.");
    try {
      // Entries in flight are written again, first. The store keeps an entry that it already has once.
      const entries = batch.map(({ activity }) => activity);
      const verdicts = this.#store.appendJournalSync?.(entries, this.#now(), deadlineMs);
      if (verdicts !== undefined) {
        this.#settleAll(batch, verdicts);
        return;
      }
    } catch (cause) {
      error = asError(cause, "STORE_FAILED", "the journal entry");
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
        this.#lose(entry, new DaybookError("QUEUE_FULL", "Journal entries arrive faster than the store takes them."));
        return;
      }
      this.#waiting.push(entry);
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    // Entries of the same turn share one transaction.
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
        this.#settleAll(batch, verdicts);
      } catch (cause) {
        if (this.#inFlight !== batch) return;
        this.#inFlight = [];
        const error = asError(cause, "STORE_FAILED", "the journal entry");
        if (failures === 0) this.#audit.problem(error);
        // A closed store does not open again.
        const tooOld = error.code === "LOG_CLOSED" ? Number.POSITIVE_INFINITY : this.#now() - this.#deadlineMs;
        for (const entry of batch) if (entry.activity.at <= tooOld) this.#lose(entry, error);
        this.#waiting.unshift(...batch.filter(({ activity }) => activity.at > tooOld));
        await new Promise<void>((resolve) => setTimeout(resolve, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]));
      }
    }
    this.#running = undefined;
  }

  #settleAll(batch: readonly Waiting[], verdicts: readonly JournalVerdict[]): void {
    for (const [i, entry] of batch.entries()) {
      const verdict = verdicts[i];
      if (verdict !== undefined) this.#settle(entry, verdict);
      else this.#lose(entry, new DaybookError("STORE_FAILED", "The store returned no verdict for a journal entry."));
    }
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

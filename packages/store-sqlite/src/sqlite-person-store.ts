import type {
  ConsentInForce,
  ConsentRecord,
  ConsentState,
  ConsentStore,
  DataRequest,
  JournalEntry,
  JournalFilter,
  JournalPage,
  JournalStore,
  JournalVerdict,
  NewJournalEntry,
  NoticeVersion,
  PurposeVersion,
  ReceiptStore,
  RequestStore,
  StoredReceipt,
} from "@daybook/core/store";
import type { PersonReader } from "./persons/person-reader.ts";
import type { StoreAccess } from "./store-access.ts";

/** Consents, journals, requests and receipts in the SQLite file. */
export class SqlitePersonStore implements ConsentStore, JournalStore, RequestStore, ReceiptStore {
  readonly #access: StoreAccess;
  readonly #persons: PersonReader;
  readonly #origin: string;

  /** @internal */
  constructor(access: StoreAccess, persons: PersonReader, origin: string) {
    this.#access = access;
    this.#persons = persons;
    this.#origin = origin;
  }

  publish(purposes: readonly PurposeVersion[], notices: readonly NoticeVersion[]): Promise<void> {
    return this.#access.write("publish", purposes, notices);
  }

  purposes(): Promise<readonly PurposeVersion[]> {
    return this.#access.read(() => this.#persons.purposes());
  }

  notices(): Promise<readonly NoticeVersion[]> {
    return this.#access.read(() => this.#persons.notices());
  }

  consentInForce(userId: string, purpose: string, at: number): Promise<ConsentInForce | undefined> {
    return this.#access.read(() => this.#persons.consentInForce(userId, purpose, at));
  }

  consentInForceNow(userId: string, purpose: string, at: number): ConsentInForce | undefined {
    return this.#access.readSync(() => this.#persons.consentInForce(userId, purpose, at));
  }

  consentsOf(userId: string): Promise<readonly ConsentRecord[]> {
    return this.#access.read(() => this.#persons.consentsOf(userId));
  }

  expireConsents(at: number, limit: number): Promise<number> {
    return this.#access.write("expireConsents", at, limit);
  }

  consents(filter?: { readonly purpose?: string; readonly state?: ConsentState }): AsyncIterable<ConsentRecord> {
    return this.#access.rows(this.#persons.consents(filter));
  }

  rebuildConsents(): Promise<number> {
    return this.#access.write("rebuildConsents");
  }

  appendJournal(batch: readonly NewJournalEntry[], now: number): Promise<readonly JournalVerdict[]> {
    return this.#access.write("appendJournal", batch, now);
  }

  appendJournalSync(batch: readonly NewJournalEntry[], now: number, deadlineMs: number): readonly JournalVerdict[] {
    return this.#access.openSync((writer) => writer.callSync("appendJournal", deadlineMs, batch, now));
  }

  journalPage(
    userId: string,
    filter?: JournalFilter,
    options?: { readonly limit?: number; readonly order?: "newest" | "oldest"; readonly cursor?: string },
  ): Promise<JournalPage> {
    return this.#access.read(() => this.#persons.journalPage(userId, filter, options));
  }

  scanJournal(userId: string, filter?: JournalFilter): AsyncIterable<JournalEntry> {
    return this.#access.rows(this.#persons.scanJournal(userId, filter));
  }

  countJournal(userId: string, filter?: JournalFilter): Promise<number> {
    return this.#access.read(() => this.#persons.countJournal(userId, filter));
  }

  expireJournal(purpose: string, before: number, limit: number): Promise<number> {
    return this.#access.write("expireJournal", purpose, before, limit);
  }

  request(id: string): Promise<DataRequest | undefined> {
    return this.#access.read(() => this.#persons.request(id));
  }

  requests(filter?: { readonly open?: boolean; readonly userId?: string; readonly limit?: number }): Promise<readonly DataRequest[]> {
    return this.#access.read(() => this.#persons.requests(filter));
  }

  requestRecords(id: string): Promise<readonly number[]> {
    return this.#access.read(() => this.#persons.requestRecords(id));
  }

  nextRequestDue(): Promise<number | undefined> {
    return this.#access.read(() => this.#persons.nextRequestDue());
  }

  isRequester(id: string, userId: string): Promise<boolean | undefined> {
    return this.#access.read(() => this.#persons.isRequester(id, userId));
  }

  /**
   * Rebuilds the register of requests from the records.
   * @returns number of requests in it
   */
  rebuildRequests(): Promise<number> {
    return this.#access.write("rebuildRequests");
  }

  saveReceipt(receipt: StoredReceipt): Promise<void> {
    return this.#access.write("saveReceipt", receipt);
  }

  receipts(filter?: { readonly commitment?: string; readonly run?: number; readonly limit?: number }): Promise<readonly StoredReceipt[]> {
    return this.#access.read(() => this.#persons.receipts(filter));
  }

  signNote(text: string): Promise<string | undefined> {
    return this.#access.write("signNote", this.#origin, text);
  }

  namesOf(userId: string): Promise<readonly string[]> {
    return this.#access.read(() => this.#persons.namesOf(userId));
  }
}

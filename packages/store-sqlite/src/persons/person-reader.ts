import { DaybookError, type JsonObject } from "@daybook/core";
import {
  type ChangeKind,
  type ConsentInForce,
  type ConsentRecord,
  type ConsentState,
  DAY_MS,
  type DataRequest,
  type JournalEntry,
  type JournalFilter,
  type JournalPage,
  type NoticeVersion,
  type PurposeVersion,
  pageOptions,
  type RequestKind,
  type RequestOutcome,
  type RequestState,
  type StoredReceipt,
  type VerificationMethod,
} from "@daybook/core/store";
import { type LedgerKeys, pseudonymsOf } from "@daybook/ledger";
import type { Statement } from "better-sqlite3";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { type ConsentFence, consentFence } from "./consent-fence.ts";
import { personKey } from "./person-projection.ts";

const STEP = 200;

type Row = { readonly [column: string]: string | number | null };

const CONSENT_COLUMNS = `consent_id, user_id, consent_type, granted_at, revoked_at, state, version, notice, notice_version, language, text_sha256, method, act,
  given_by, expression, jurisdiction, record_id, decided_at, expires_at, epoch, granted_seq, revoked_seq`;
const ACTIVITY_COLUMNS =
  "id, timestamp, activity_type, query, resource_type, resource_id, collection_name, details, consent_id, consent_type, version, entry_id";

/**
 * Reads the tables beside the ledger that are about persons. Without keys, a person is found by the id in clear, if
 * it is kept.
 */
export class PersonReader {
  readonly #db: Sqlite;
  readonly #keys: LedgerKeys | undefined;
  readonly #statements = new Map<string, Statement<unknown[], Row>>();
  #fence: ConsentFence | undefined;

  /** @internal */
  constructor(db: Sqlite, keys: LedgerKeys | undefined) {
    this.#db = db;
    this.#keys = keys;
  }

  purposes(): PurposeVersion[] {
    return this.#all(
      "SELECT purpose, version, change, effective_from, definition, sha256 FROM daybook_purpose ORDER BY purpose, ordinal",
    ).map((row) => ({
      purpose: row.purpose as string,
      version: row.version as string,
      change: row.change as ChangeKind,
      effectiveFrom: row.effective_from as string,
      definition: row.definition as string,
      sha256: row.sha256 as string,
    }));
  }

  notices(): NoticeVersion[] {
    return this.#all(
      "SELECT notice, version, language, change, effective_from, media_type, content, sha256, definition FROM daybook_notice ORDER BY notice, ordinal, language",
    ).map((row) => ({
      notice: row.notice as string,
      version: row.version as string,
      language: row.language as string,
      change: row.change as ChangeKind,
      effectiveFrom: row.effective_from as string,
      mediaType: row.media_type as string,
      content: row.content as string,
      sha256: row.sha256 as string,
      definition: row.definition as string,
    }));
  }

  namesOf(userId: string): string[] {
    return [userId, ...(this.#keys === undefined ? [] : pseudonymsOf(this.#keys, userId))];
  }

  consentInForce(userId: string, purpose: string, at: number): ConsentInForce | undefined {
    if (this.#keys === undefined) throw keysNeeded("tell what a person agreed to");
    this.#fence ??= consentFence(this.#db);
    const found = this.#fence.look(pseudonymsOf(this.#keys, userId), purpose, at);
    return typeof found === "string" ? undefined : found;
  }

  consentsOf(userId: string): ConsentRecord[] {
    const persons = this.#person(userId);
    const where = persons.map(({ condition }) => `(${condition})`).join(" OR ");
    const parameters = persons.flatMap((person) => person.parameters);
    return this.#all(`SELECT ${CONSENT_COLUMNS} FROM user_consent WHERE ${where} ORDER BY granted_seq`, ...parameters).map(consentRecord);
  }

  async *consents({ purpose, state }: { readonly purpose?: string; readonly state?: ConsentState } = {}): AsyncGenerator<ConsentRecord> {
    const page = this.#db.prepare<[number, string | null, string | null], Row>(
      `SELECT place, ${CONSENT_COLUMNS} FROM user_consent
      WHERE place > ? AND consent_type = coalesce(?, consent_type) AND state = coalesce(?, state) ORDER BY place LIMIT ${STEP}`,
    );
    for (let after = 0; ; ) {
      const rows = page.all(after, purpose ?? null, state ?? null);
      for (const row of rows) yield consentRecord(row);
      if (rows.length < STEP) return;
      after = rows.at(-1)?.place as number;
      await nextTurn();
    }
  }

  journalPage(
    userId: string,
    filter: JournalFilter = {},
    options: { limit?: number; order?: "newest" | "oldest"; cursor?: string } = {},
  ): JournalPage {
    const { limit, order, from } = pageOptions(options);
    const rows = this.#journalRows(userId, filter, order, from, limit + 1);
    const entries = rows.slice(0, limit).map(journalEntryOf);
    return rows.length > limit ? { entries, next: String(entries.at(-1)?.row) } : { entries };
  }

  async *scanJournal(userId: string, filter: JournalFilter = {}): AsyncGenerator<JournalEntry> {
    for (let from: number | undefined; ; ) {
      const rows = this.#journalRows(userId, filter, "oldest", from, STEP);
      for (const row of rows) yield journalEntryOf(row);
      if (rows.length < STEP) return;
      from = rows.at(-1)?.id as number;
      await nextTurn();
    }
  }

  countJournal(userId: string, filter: JournalFilter = {}): number {
    const { where, parameters } = journalWhere(filter);
    return this.#person(userId).reduce((sum, person) => {
      const [row] = this.#all(
        `SELECT count(*) AS n FROM user_activity WHERE ${person.condition}${where}`,
        ...person.parameters,
        ...parameters,
      );
      return sum + Number(row?.n);
    }, 0);
  }

  request(id: string): DataRequest | undefined {
    const [row] = this.#all("SELECT * FROM dsar_request WHERE request_id = ?", id);
    return row === undefined ? undefined : requestOf(row);
  }

  requests({ open, userId, limit = 1_000 }: { open?: boolean; userId?: string; limit?: number } = {}): DataRequest[] {
    const conditions: string[] = [];
    const parameters: unknown[] = [];
    if (open !== undefined) conditions.push(`closed_at IS ${open ? "NULL" : "NOT NULL"}`);
    if (userId !== undefined) {
      if (this.#keys === undefined) throw keysNeeded("find the requests of one person");
      const subs = pseudonymsOf(this.#keys, userId);
      conditions.push(among("sub", subs));
      parameters.push(...subs);
    }
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    return this.#all(
      `SELECT * FROM dsar_request ${where} ORDER BY closed_at IS NOT NULL, coalesce(extended_until, due_at), request_id LIMIT ?`,
      ...parameters,
      limit,
    ).map(requestOf);
  }

  requestRecords(id: string): number[] {
    return this.#all("SELECT seq FROM dsar_record WHERE request_id = ? ORDER BY seq", id).map((row) => row.seq as number);
  }

  nextRequestDue(): number | undefined {
    const [row] = this.#all("SELECT min(coalesce(extended_until, due_at)) AS due FROM dsar_request WHERE closed_at IS NULL");
    return typeof row?.due === "string" ? Date.parse(row.due.slice(0, 10)) + DAY_MS : undefined;
  }

  isRequester(id: string, userId: string): boolean | undefined {
    const sub = this.request(id)?.sub;
    if (sub === undefined || this.#keys === undefined) return undefined;
    return pseudonymsOf(this.#keys, userId).includes(sub);
  }

  receipts({ commitment, run, limit = 1_000 }: { commitment?: string; run?: number; limit?: number } = {}): StoredReceipt[] {
    return this.#all(
      `SELECT receipt, run, commitment, previous, made, note FROM daybook_receipt
      WHERE commitment = coalesce(?, commitment) AND (? IS NULL OR run = ?) ORDER BY made DESC, receipt DESC LIMIT ?`,
      commitment ?? null,
      run ?? null,
      run ?? null,
      limit,
    ).map((row) => ({
      receipt: row.receipt as string,
      ...optional("run", row.run as number | null),
      commitment: row.commitment as string,
      ...optional("previous", row.previous as string | null),
      made: row.made as string,
      note: row.note as string,
    }));
  }

  #all(sql: string, ...parameters: readonly unknown[]): Row[] {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare<unknown[], Row>(sql);
      this.#statements.set(sql, statement);
    }
    return statement.all(...parameters);
  }

  /** Conditions on rows about a person, one for each pseudonym. */
  #person(userId: string): readonly { readonly condition: string; readonly parameters: readonly unknown[] }[] {
    if (this.#keys === undefined) return [{ condition: "user_id = ?", parameters: [userId] }];
    return pseudonymsOf(this.#keys, userId).map((sub) => ({ condition: "person = ? AND sub = ?", parameters: [personKey(sub), sub] }));
  }

  /**
   * One ordered index look-up for each pseudonym. With a list of them, SQLite would sort the whole journal for every
   * page.
   */
  #journalRows(userId: string, filter: JournalFilter, order: "newest" | "oldest", from: number | undefined, limit: number): Row[] {
    const persons = this.#person(userId);
    const { where, parameters } = journalWhere(filter);
    const direction = order === "newest" ? "DESC" : "ASC";
    const after = from === undefined ? "" : ` AND id ${order === "newest" ? "<" : ">"} ?`;
    const one = (condition: string) =>
      `SELECT * FROM (SELECT ${ACTIVITY_COLUMNS} FROM user_activity WHERE ${condition}${after}${where} ORDER BY id ${direction} LIMIT ?)`;
    const bound = persons.flatMap((person) => [...person.parameters, ...(from === undefined ? [] : [from]), ...parameters, limit]);
    return this.#all(
      `${persons.map(({ condition }) => one(condition)).join(" UNION ALL ")} ORDER BY id ${direction} LIMIT ?`,
      ...bound,
      limit,
    );
  }
}

const among = (column: string, values: readonly string[]) => `${column} IN (${values.map(() => "?").join(", ")})`;

function journalWhere({ purpose, activity, since, until }: JournalFilter): { where: string; parameters: readonly string[] } {
  let where = "";
  const parameters: string[] = [];
  const add = (condition: string, value: string | undefined) => {
    if (value === undefined) return;
    where += ` AND ${condition}`;
    parameters.push(value);
  };
  add("consent_type = ?", purpose);
  add("activity_type = ?", activity);
  add("timestamp >= ?", since === undefined ? undefined : new Date(since).toISOString());
  add("timestamp < ?", until === undefined ? undefined : new Date(until).toISOString());
  return { where, parameters };
}

const optional = <K extends string, T>(key: K, value: T | null | undefined): { readonly [P in K]?: T } =>
  (value === null || value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: T };

const consentRecord = (row: Row): ConsentRecord => ({
  consent: row.consent_id as string,
  record: row.record_id as string,
  ...optional("userId", row.user_id as string | null),
  purpose: row.consent_type as string,
  version: row.version as string,
  notice: row.notice as string,
  noticeVersion: row.notice_version as string,
  language: row.language as string,
  noticeSha256: row.text_sha256 as string,
  state: row.state as ConsentState,
  agreed: row.granted_at !== null,
  epoch: row.epoch as number,
  method: row.method as string,
  act: row.act as string,
  by: row.given_by as string,
  expression: row.expression as string,
  decidedAt: row.decided_at as string,
  ...optional("endedAt", row.revoked_at as string | null),
  ...optional("validUntil", row.expires_at as string | null),
  ...optional("jurisdiction", row.jurisdiction as string | null),
  seq: row.granted_seq as number,
  ...optional("endedSeq", row.revoked_seq as number | null),
});

const journalEntryOf = (row: Row): JournalEntry => ({
  row: row.id as number,
  id: row.entry_id as string,
  time: row.timestamp as string,
  activity: row.activity_type as string,
  ...optional("query", row.query as string | null),
  ...optional("resourceType", row.resource_type as string | null),
  ...optional("resourceId", row.resource_id as string | null),
  ...optional("collection", row.collection_name as string | null),
  ...optional("details", row.details === null ? undefined : (JSON.parse(row.details as string) as JsonObject)),
  purpose: row.consent_type as string,
  version: row.version as string,
  consent: row.consent_id as string,
});

const requestOf = (row: Row): DataRequest => ({
  request: row.request_id as string,
  kinds: JSON.parse(row.kinds as string) as RequestKind[],
  ...optional("sub", row.sub as string | null),
  channel: row.channel as string,
  state: row.state as RequestState,
  receivedAt: row.received_at as string,
  dueAt: row.due_at as string,
  calendar: row.calendar as string,
  rule: row.rule as string,
  ...optional("extendedUntil", row.extended_until as string | null),
  ...optional("extensionReason", row.extension_reason as string | null),
  ...(row.verified_at === null
    ? {}
    : {
        verification: {
          method: row.verification_method as VerificationMethod,
          confirmed: row.verification_result === "confirmed",
          at: row.verified_at as string,
        },
      }),
  ...optional("pausedSince", row.paused_since as string | null),
  pausedMs: row.paused_ms as number,
  ...optional("jurisdiction", row.jurisdiction as string | null),
  ...optional("language", row.language as string | null),
  ...optional("deliveredAt", row.delivered_at as string | null),
  ...optional("closedAt", row.closed_at as string | null),
  ...optional("outcome", row.outcome as RequestOutcome | null),
  seq: row.seq as number,
});

const keysNeeded = (what: string) => new DaybookError("KEYS_MISSING", `Without its keys, the log cannot ${what}; set DAYBOOK_KEYS_FILE.`);

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

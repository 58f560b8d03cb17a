import type { StoredReceipt } from "@daybook/core/store";
import type { SlotSet } from "@daybook/ledger";
import { one } from "../database/rows.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";
import { type ProjectedRecord, textOf } from "./person-projection.ts";
import { eventOfParts, projectedParts } from "./projected-parts.ts";

/** States that a successful identity check leaves. */
const UNVERIFIED = "('received', 'verifying', 'need_information')";

/** The register of requests as a projection of the records, with the receipts of erasures beside it. */
export class RequestTable {
  readonly #scope: Pick<WriterScope, "db" | "keys" | "ledger">;
  readonly #add;
  readonly #addPerson;
  readonly #list;
  readonly #known;
  readonly #update: ReadonlyMap<string, (record: ProjectedRecord, request: string) => void>;

  constructor(scope: Pick<WriterScope, "db" | "keys" | "ledger">) {
    this.#scope = scope;
    const { db } = scope;
    this.#add = db.prepare(
      `INSERT OR IGNORE INTO daybook_request (request_id, kinds, channel, state, received_at, due_at, calendar, rule, paused_ms, jurisdiction, language, seq)
      VALUES (@request, @kinds, @channel, 'received', @receivedAt, @dueAt, @calendar, @rule, 0, @jurisdiction, @language, @seq)`,
    );
    this.#addPerson = db.prepare("INSERT OR IGNORE INTO daybook_requester (seq, sub) VALUES (?, ?)");
    this.#list = db.prepare("INSERT OR IGNORE INTO dsar_record (request_id, seq) VALUES (?, ?)");
    this.#known = db.prepare<[string], number>("SELECT 1 FROM daybook_request WHERE request_id = ?").pluck();
    const set = (assignments: string) => {
      const statement = db.prepare(`UPDATE daybook_request SET ${assignments} WHERE request_id = @request`);
      return (values: Record<string, unknown>) => void statement.run(values);
    };
    const verified = set(
      `verification_method = @method, verification_result = @result, verified_at = @time,
      state = CASE WHEN state NOT IN ${UNVERIFIED} THEN state WHEN @result = 'confirmed' THEN 'accepted' ELSE 'need_information' END`,
    );
    const moved = set("state = @state");
    const paused = set("paused_since = coalesce(paused_since, @time)");
    const resumed = set(
      `paused_ms = paused_ms + CASE WHEN paused_since IS NULL THEN 0
        ELSE max(0, CAST(round((julianday(@time) - julianday(paused_since)) * 86400000) AS INTEGER)) END, paused_since = NULL`,
    );
    const extended = set("extended_until = @until, extension_reason = @reason, extension_told_at = @toldAt");
    const delivered = set("state = 'delivered', delivered_at = @time");
    const closed = set("state = 'closed', closed_at = @time, outcome = @outcome, paused_since = NULL");
    this.#update = new Map<string, (record: ProjectedRecord, request: string) => void>([
      [
        "dsar.verified",
        ({ data, time }, request) => verified({ request, time, method: textOf(data, "method"), result: textOf(data, "result") }),
      ],
      ["dsar.moved", ({ data }, request) => moved({ request, state: textOf(data, "state") ?? "received" })],
      ["dsar.paused", ({ time }, request) => paused({ request, time })],
      ["dsar.resumed", ({ time }, request) => resumed({ request, time })],
      [
        "dsar.extended",
        ({ data }, request) =>
          extended({ request, until: textOf(data, "until"), reason: textOf(data, "reason"), toldAt: textOf(data, "toldAt") }),
      ],
      ["dsar.delivered", ({ time }, request) => delivered({ request, time })],
      ["dsar.closed", ({ data, time }, request) => closed({ request, time, outcome: textOf(data, "outcome") })],
    ]);
  }

  /** Applies one record to the register. Call it inside the transaction that stores the record. */
  apply(record: ProjectedRecord): void {
    const { data, seq, action } = record;
    const request = textOf(data, "request");
    if (request === null) return;
    if (action === "dsar.received") {
      const { changes } = this.#add.run({
        request,
        kinds: JSON.stringify(Array.isArray(data.kinds) ? data.kinds : []),
        channel: textOf(data, "channel") ?? "",
        receivedAt: textOf(data, "receivedAt") ?? record.time,
        dueAt: textOf(data, "dueAt") ?? record.time.slice(0, 10),
        calendar: textOf(data, "calendar") ?? "",
        rule: textOf(data, "rule") ?? "",
        jurisdiction: textOf(data, "jurisdiction"),
        language: textOf(data, "language"),
        seq,
      });
      if (changes > 0 && data.person !== "unknown" && record.person !== undefined) this.#addPerson.run(seq, record.person.sub);
    } else this.#update.get(action)?.(record, request);
    if (this.#known.get(request) !== undefined) this.#list.run(request, seq);
  }

  /**
   * Rebuilds the register from the records, in one transaction.
   * @returns number of requests in it
   */
  rebuild(): number {
    const { db, ledger, keys } = this.#scope;
    return ledger.transaction((_append, nextSeq) => {
      for (const table of ["daybook_request", "daybook_requester", "dsar_record"]) db.exec(`DELETE FROM ${table}`);
      for (const row of projectedParts(db, 5, nextSeq)) {
        const record = eventOfParts(row, keys);
        if (record?.action.startsWith("dsar.")) this.apply(record);
      }
      return one(db.prepare<[], number>("SELECT count(*) FROM daybook_request").pluck());
    });
  }

  saveReceipt({ receipt, run, commitment, previous, made, note }: StoredReceipt): void {
    this.#scope.db
      .prepare("INSERT INTO daybook_receipt (receipt, run, commitment, previous, made, note) VALUES (?, ?, ?, ?, ?, ?)")
      .run(receipt, run ?? null, commitment, previous ?? null, made, note);
  }
}

/**
 * Removes expired data from the register: the person of a request if the persons of class 5 below a watermark have
 * expired, and a closed request if its head has.
 */
export function forgetRequests(db: Sqlite, { persons, heads, keep }: { persons: number; heads: number; keep: SlotSet }): void {
  const isHeld = (seq: number) => keep.parts().some((part) => keep.has(part, seq));
  const goes = (below: number, condition: string) =>
    JSON.stringify(
      db
        .prepare<[number], number>(`SELECT seq FROM dsar_request WHERE seq < ? AND ${condition} ORDER BY seq`)
        .pluck()
        .all(below)
        .filter((seq) => !isHeld(seq)),
    );
  const blank = db.prepare("UPDATE daybook_requester SET sub = NULL WHERE seq IN (SELECT value FROM json_each(?))");
  blank.run(goes(persons, "sub IS NOT NULL"));
  const closed = goes(heads, "closed_at IS NOT NULL");
  blank.run(closed);
  db.prepare("DELETE FROM daybook_request WHERE seq IN (SELECT value FROM json_each(?))").run(closed);
  db.exec("DELETE FROM dsar_record WHERE request_id NOT IN (SELECT request_id FROM daybook_request)");
}

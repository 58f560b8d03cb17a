import { randomBytes } from "node:crypto";
import { DaybookError, type JsonObject } from "@daybook/core";
import { type NoticeVersion, type PurposeVersion, uuidV7 } from "@daybook/core/store";
import { type PreparedEntry, prepareEntry, pseudonymsOf, type SplitEntry, splitEvent, suppressionTag } from "@daybook/ledger";
import { one } from "../database/rows.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";
import { BLANK_JOURNAL } from "./journal-table.ts";
import { OF_PERSONS, type ProjectedRecord, personKey, personList, subList, textOf } from "./person-projection.ts";
import { eventOfParts, projectedParts } from "./projected-parts.ts";

/** Actions that end a consent, with the resulting state. */
const ENDINGS: ReadonlyMap<string, string> = new Map([
  ["consent.withdrawn", "withdrawn"],
  ["consent.expired", "expired"],
  ["consent.invalidated", "invalidated"],
  ["consent.terminated", "terminated"],
]);
const AGREEMENTS: ReadonlyMap<string, string> = new Map([
  ["consent.given", "given"],
  ["consent.renewed", "renewed"],
  ["consent.refused", "refused"],
]);

interface RunOut {
  readonly consent_id: string;
  readonly record_id: string;
  readonly consent_type: string;
  readonly version: string;
  readonly epoch: number;
  readonly user_id: string | null;
  readonly sub: string;
}

/** Placeholder for the unknown id while an entry is made. No entry contains it. */
const UNKNOWN_ID = "unknown";

/**
 * The consents of all persons as a projection of the ledger's records. The table can be rebuilt from them.
 * `consentFence` reads it inside the writing transaction to decide about journal entries.
 */
export class ConsentTable {
  readonly #scope: Pick<WriterScope, "db" | "keys" | "ledger" | "userIds">;
  readonly #insert;
  readonly #expires;
  readonly #superseded;
  readonly #endedAll;
  readonly #endedOne;
  readonly #end;
  readonly #noExpiry;
  readonly #stillOpen;
  readonly #ofPurpose;
  readonly #journal;
  readonly #suppressed;
  readonly #runOut;
  readonly #pseudonyms;

  constructor(scope: Pick<WriterScope, "db" | "keys" | "ledger" | "userIds">) {
    this.#scope = scope;
    const { db } = scope;
    // A repeated id must not lose the other records of a batch, so the first one stays.
    this.#insert = db.prepare(
      `INSERT OR IGNORE INTO daybook_consent (consent_id, user_id, consent_type, granted_at, ip_address, state, version, notice, notice_version, language,
        text_sha256, method, act, given_by, expression, jurisdiction, record_id, decided_at, expires_at, epoch, granted_seq, sub, person)
      VALUES (@consent, @userId, @purpose, @grantedAt, @ip, @state, @version, @notice, @noticeVersion, @language,
        @noticeSha256, @method, @act, @by, @expression, @jurisdiction, @record, @time, @validUntil, @epoch, @seq, @sub, @person)`,
    );
    this.#expires = db.prepare(
      `INSERT OR IGNORE INTO daybook_consent_expiry (expires_at, place)
      SELECT expires_at, place FROM user_consent WHERE consent_id = ? AND expires_at IS NOT NULL AND revoked_at IS NULL AND state IN ('given', 'renewed')`,
    );
    const ofPerson =
      "person IN (SELECT value FROM json_each(@people)) AND sub IN (SELECT value FROM json_each(@subs)) AND consent_type = @purpose";
    const places = (condition: string) =>
      db.prepare<[unknown], { place: number; epoch: number; expires_at: string | null }>(
        `SELECT place, epoch, expires_at FROM user_consent WHERE ${condition} AND revoked_at IS NULL`,
      );
    this.#superseded = places(`(consent_id = @previous OR (${ofPerson}))`);
    this.#endedAll = places(`(consent_id = @consent OR (${ofPerson})) AND state <> 'refused'`);
    this.#endedOne = places("consent_id = @consent AND state <> 'refused'");
    this.#end = db.prepare(
      "INSERT OR IGNORE INTO daybook_consent_end (place, state, revoked_at, revoked_seq, epoch) VALUES (@place, @state, @time, @seq, @epoch)",
    );
    this.#noExpiry = db.prepare("DELETE FROM daybook_consent_expiry WHERE expires_at = ? AND place = ?");
    this.#stillOpen = db
      .prepare<[unknown], number>(`SELECT 1 FROM user_consent WHERE ${ofPerson} AND revoked_at IS NULL AND state <> 'refused'`)
      .pluck();
    this.#ofPurpose = db.prepare<[unknown], number>(`SELECT place FROM user_consent WHERE ${ofPerson}`).pluck();
    this.#journal = db.prepare(`${BLANK_JOURNAL} WHERE ${ofPerson}`);
    this.#runOut = db.prepare<[string, number], RunOut>(
      `SELECT c.consent_id, c.record_id, c.consent_type, c.version, c.epoch, c.user_id, c.sub
      FROM daybook_consent_expiry e JOIN user_consent c ON c.place = e.place WHERE e.expires_at <= ? ORDER BY e.expires_at LIMIT ?`,
    );
    this.#pseudonyms = db.prepare<[string], { record_id: string; sub: string }>(
      "SELECT DISTINCT record_id, sub FROM user_consent WHERE record_id IN (SELECT value FROM json_each(?))",
    );
    this.#suppressed = db.prepare<[string, string], number>("SELECT 1 FROM daybook_suppression WHERE tag = ? AND before >= ?").pluck();
  }

  /**
   * Applies one record to the table. Call it inside the transaction that stores the record.
   * @returns number of journal rows that were deleted with an ended consent
   */
  apply(record: ProjectedRecord): number {
    this.#project(record);
    const purpose = textOf(record.data, "purpose");
    if (record.person === undefined || purpose === null) return 0;
    const agreed = AGREEMENTS.get(record.action);
    if (agreed === "given" || agreed === "renewed") return 0;
    if (agreed === undefined && !ENDINGS.has(record.action)) return 0;
    const of = { subs: subList(record.person.subs), people: personList(record.person.subs), purpose };
    // An expiry names one consent. A newer one of the same person keeps its journal.
    if (this.#stillOpen.get(of) !== undefined) return 0;
    return this.#journal.run(of).changes;
  }

  /**
   * Ends expired consents and deletes their journals, inside the caller's transaction. All consents of a person and a
   * purpose share their record id, so the journal is found under every pseudonym of the person.
   */
  expire(now: number, limit: number, append: (entry: PreparedEntry) => number): { consents: number; rows: number } {
    const time = new Date(now).toISOString();
    const due = this.#runOut.all(time, limit);
    const nameless = due.filter(({ user_id }) => user_id === null).map(({ record_id }) => record_id);
    const pseudonyms = nameless.length === 0 ? [] : this.#pseudonyms.all(JSON.stringify(nameless));
    let rows = 0;
    for (const { consent_id: consent, record_id: record, consent_type: purpose, version, epoch, user_id, sub } of due) {
      const data = { purpose, consent, record, version, epoch: epoch + 1, act: "ran out", by: "system" };
      const seq = append(prepareEntry(this.#expired({ id: user_id ?? undefined, sub }, data, now), randomBytes));
      const subs =
        user_id === null
          ? pseudonyms.filter((known) => known.record_id === record).map((known) => known.sub)
          : [sub, ...pseudonymsOf(this.#scope.keys, user_id)];
      rows += this.apply({ seq, time, action: "consent.expired", person: { sub, subs }, ip: undefined, data });
    }
    return { consents: due.length, rows };
  }

  publish(purposes: readonly PurposeVersion[], notices: readonly NoticeVersion[]): void {
    const { db, ledger } = this.#scope;
    const purpose = db.prepare<[string, string], { sha256: string }>(
      "SELECT sha256 FROM daybook_purpose WHERE purpose = ? AND version = ?",
    );
    const notice = db.prepare<[string, string, string], { sha256: string; definition: string }>(
      "SELECT sha256, definition FROM daybook_notice WHERE notice = ? AND version = ? AND language = ?",
    );
    const addPurpose = db.prepare(
      `INSERT INTO daybook_purpose (purpose, version, ordinal, change, effective_from, definition, sha256)
      VALUES (@purpose, @version, (SELECT count(*) FROM daybook_purpose WHERE purpose = @purpose), @change, @effectiveFrom, @definition, @sha256)`,
    );
    // All languages of one version share an ordinal.
    const addNotice = db.prepare(
      `INSERT INTO daybook_notice (notice, version, language, ordinal, change, effective_from, media_type, content, sha256, definition)
      VALUES (@notice, @version, @language,
        coalesce(
          (SELECT ordinal FROM daybook_notice WHERE notice = @notice AND version = @version LIMIT 1),
          (SELECT count(DISTINCT version) FROM daybook_notice WHERE notice = @notice)
        ),
        @change, @effectiveFrom, @mediaType, @content, @sha256, @definition)`,
    );
    ledger.transaction(() => {
      for (const version of purposes) {
        const known = purpose.get(version.purpose, version.version);
        if (known === undefined) addPurpose.run(version);
        else if (known.sha256 !== version.sha256) throw changed(`purpose ${version.purpose} ${version.version}`);
      }
      for (const version of notices) {
        const known = notice.get(version.notice, version.version, version.language);
        if (known === undefined) addNotice.run(version);
        else if (known.sha256 !== version.sha256 || known.definition !== version.definition) {
          throw changed(`notice ${version.notice} ${version.version} (${version.language})`);
        }
      }
    });
  }

  /**
   * Rebuilds the table from the records, in one transaction.
   * @returns number of decisions in it
   */
  rebuild(): number {
    const { db, ledger } = this.#scope;
    return ledger.transaction((_append, nextSeq) => {
      for (const table of ["daybook_consent", "daybook_consent_end", "daybook_consent_expiry"]) db.exec(`DELETE FROM ${table}`);
      for (const row of projectedParts(db, 4, nextSeq)) {
        const record = eventOfParts(row, this.#scope.keys);
        if (record !== undefined) this.#project(record);
      }
      return one(db.prepare<[], number>("SELECT count(*) FROM user_consent").pluck());
    });
  }

  #project({ seq, time, action, person, ip, data }: ProjectedRecord): void {
    const purpose = textOf(data, "purpose");
    if (person === undefined || purpose === null) return;
    const consent = textOf(data, "consent");
    const epoch = typeof data.epoch === "number" ? data.epoch : 0;
    const of = { subs: subList(person.subs), people: personList(person.subs), purpose };
    const ending = { time, seq, epoch };
    const agreed = AGREEMENTS.get(action);
    if (agreed !== undefined) {
      // A record from before an erasure must not bring the person back when it arrives late.
      if (consent === null || this.#isSuppressed(person.subs, time)) return;
      this.#endAll(this.#superseded.all({ ...of, previous: textOf(data, "previous") }), { time, seq, epoch: 0, state: "superseded" });
      this.#insert.run({
        consent,
        purpose,
        state: agreed,
        userId: person.userId ?? null,
        sub: person.sub,
        person: personKey(person.sub),
        grantedAt: agreed === "refused" ? null : time,
        ip: ip ?? null,
        version: textOf(data, "version") ?? "",
        notice: textOf(data, "notice") ?? "",
        noticeVersion: textOf(data, "noticeVersion") ?? "",
        language: textOf(data, "language") ?? "",
        noticeSha256: textOf(data, "noticeSha256") ?? "",
        method: textOf(data, "method") ?? "",
        act: textOf(data, "act") ?? "",
        by: textOf(data, "by") ?? "",
        expression: textOf(data, "expression") ?? "",
        jurisdiction: textOf(data, "jurisdiction"),
        record: textOf(data, "record") ?? consent,
        time,
        validUntil: textOf(data, "validUntil"),
        epoch,
        seq,
      });
      this.#expires.run(consent);
      return;
    }
    const state = ENDINGS.get(action);
    if (state === undefined) return;
    if (state === "terminated") blankConsents(this.#scope.db, this.#ofPurpose.all(of));
    else
      this.#endAll(state === "withdrawn" ? this.#endedAll.all({ ...of, consent }) : this.#endedOne.all({ consent }), { ...ending, state });
  }

  #endAll(
    consents: readonly { readonly place: number; readonly epoch: number; readonly expires_at: string | null }[],
    { state, time, seq, epoch }: { readonly state: string; readonly time: string; readonly seq: number; readonly epoch: number },
  ): void {
    for (const { place, epoch: before, expires_at: expiresAt } of consents) {
      this.#end.run({ place, state, time, seq, epoch: Math.max(before, epoch) });
      if (expiresAt !== null) this.#noExpiry.run(expiresAt, place);
    }
  }

  #expired({ id, sub }: { readonly id: string | undefined; readonly sub: string }, data: JsonObject, now: number): SplitEntry {
    const { keys, userIds } = this.#scope;
    const split = splitEvent(
      {
        id: uuidV7(now),
        time: new Date(now).toISOString(),
        type: "compliance",
        action: "consent.expired",
        severity: "info",
        outcome: "success",
        actor: { kind: "system" },
        subjects: [{ id: id ?? UNKNOWN_ID, role: "subject" }],
        data,
      },
      { keys, userIds },
    );
    if (id !== undefined) return split;
    // Only the pseudonym is known; such a log keeps nothing else about a person.
    const parts = split.parts.map((part) => (part.sub === undefined ? part : { ...part, sub, text: part.text.replace(part.sub, sub) }));
    return { ...split, parts };
  }

  #isSuppressed(subs: readonly string[], time: string): boolean {
    return subs.some((sub) => this.#suppressed.get(suppressionTag(this.#scope.keys, sub), time) !== undefined);
  }
}

const CONSENT_COLUMNS = [
  "consent_id, user_id, consent_type, granted_at, ip_address, state, version, notice, notice_version, language, text_sha256, method, act",
  "given_by, expression, jurisdiction, record_id, decided_at, expires_at, epoch, granted_seq, sub, person",
];
const BLANK_CONSENT = `UPDATE daybook_consent SET ${CONSENT_COLUMNS.join(", ").replaceAll(", ", " = NULL, ")} = NULL WHERE place = ?`;

/** Blanks rows: deleting them could leave copies of others in the file. */
export function blankConsents(db: Sqlite, places: readonly number[]): void {
  const blank = db.prepare(BLANK_CONSENT);
  const end = db.prepare("DELETE FROM daybook_consent_end WHERE place = ?");
  const expiry = db.prepare(
    "DELETE FROM daybook_consent_expiry WHERE (expires_at, place) IN (SELECT expires_at, place FROM daybook_consent WHERE place = ?)",
  );
  for (const place of places) {
    expiry.run(place);
    end.run(place);
    blank.run(place);
  }
}

/**
 * Removes all traces of these persons from the tables beside the ledger, except the journal. Call it inside the
 * transaction of an erasure.
 */
export function forgetInProjections(db: Sqlite, subs: readonly string[]): void {
  const list = subList(subs);
  blankConsents(
    db,
    db.prepare<[string, string], number>(`SELECT place FROM user_consent WHERE ${OF_PERSONS}`).pluck().all(personList(subs), list),
  );
  db.prepare("UPDATE daybook_requester SET sub = NULL WHERE sub IN (SELECT value FROM json_each(?))").run(list);
}

const changed = (what: string) =>
  new DaybookError("VERSION_CHANGED", `People agreed to ${what} as it was published; give the changed text a new version.`);

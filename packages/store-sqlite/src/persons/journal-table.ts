import type { JournalVerdict, NewJournalEntry } from "@daybook/core/store";
import { pseudonymOf, pseudonymsOf } from "@daybook/ledger";
import type { Sqlite } from "../database/sqlite-driver.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";
import { type ConsentFence, consentFence } from "./consent-fence.ts";
import { OF_PERSONS, type ProjectedRecord, personKey, personList, subList, textOf } from "./person-projection.ts";

const COLUMNS = [
  "user_id, timestamp, activity_type, query, resource_type, resource_id, collection_name, details",
  "consent_id, sub, person, consent_type, version, entry_id",
];

/** Start of a statement that removes rows. It blanks them: deleting could leave copies of others in the file. */
export const BLANK_JOURNAL = `UPDATE daybook_journal SET ${COLUMNS.join(", ").replaceAll(", ", " = NULL, ")} = NULL`;

/** Removes the journals of these persons. @returns number of removed rows */
export const forgetJournal = (db: Sqlite, subs: readonly string[]): number =>
  db.prepare(`${BLANK_JOURNAL} WHERE ${OF_PERSONS}`).run(personList(subs), subList(subs)).changes;

const personOf = (sub: string) => ({ sub, person: personKey(sub) });

/**
 * The journal: plain rows outside of the proofs. Each row is inserted by a transaction that found the consent in
 * force. No row is written after a stored withdrawal, whatever process or queue it comes from.
 */
export class JournalTable {
  readonly #scope: Pick<WriterScope, "db" | "keys" | "ledger" | "userIds">;
  readonly #fence: ConsentFence;
  readonly #insert;
  readonly #delete;

  constructor(scope: Pick<WriterScope, "db" | "keys" | "ledger" | "userIds">) {
    this.#scope = scope;
    const { db } = scope;
    this.#fence = consentFence(db);
    this.#insert = db.prepare(
      `INSERT OR IGNORE INTO daybook_journal (user_id, timestamp, activity_type, query, resource_type, resource_id, collection_name, details,
        consent_id, sub, person, consent_type, version, entry_id)
      SELECT @userId, @time, @activity, @query, @resourceType, @resourceId, @collection, @details,
        consent_id, @sub, @person, consent_type, version, @id FROM user_consent WHERE consent_id = @consent`,
    );
    this.#delete = db.prepare(
      `${BLANK_JOURNAL} WHERE person IN (SELECT value FROM json_each(@people)) AND sub IN (SELECT value FROM json_each(@subs))
      AND (@purpose IS NULL OR consent_type = @purpose)
      AND (@before IS NULL OR timestamp < @before)
      AND (@entries IS NULL OR entry_id IN (SELECT value FROM json_each(@entries)))`,
    );
  }

  append(batch: readonly NewJournalEntry[], now: number): JournalVerdict[] {
    const { ledger, keys, userIds } = this.#scope;
    return ledger.transaction(() => {
      const known = new Map<string, JournalVerdict>();
      return batch.map((activity) => {
        const { userId, purpose, consent, at } = activity;
        const decision = JSON.stringify([userId, purpose, consent]);
        let verdict = known.get(decision);
        if (verdict === undefined) {
          verdict = this.#fence.verdict(pseudonymsOf(keys, userId), purpose, consent, Math.max(now, at));
          known.set(decision, verdict);
        }
        if (verdict === "stored") {
          this.#insert.run({
            id: activity.id,
            userId: userIds === "readable" ? userId : null,
            ...personOf(pseudonymOf(keys, userId)),
            time: new Date(at).toISOString(),
            activity: activity.activity,
            query: activity.query ?? null,
            resourceType: activity.resourceType ?? null,
            resourceId: activity.resourceId ?? null,
            collection: activity.collection ?? null,
            details: activity.details === undefined ? null : JSON.stringify(activity.details),
            consent,
          });
        }
        return verdict;
      });
    });
  }

  /**
   * Deletes the rows that a record `journal.deleted` names, inside the transaction that stores it.
   * @returns number of deleted rows
   */
  apply({ person, data }: ProjectedRecord): number {
    if (person === undefined) return 0;
    return this.#delete.run({
      subs: subList(person.subs),
      people: personList(person.subs),
      purpose: textOf(data, "purpose"),
      before: textOf(data, "before"),
      entries: Array.isArray(data.entries) ? JSON.stringify(data.entries) : null,
    }).changes;
  }

  /**
   * Deletes rows of a purpose that are older than their period.
   * @returns number of deleted rows
   */
  expire(purpose: string, before: number, limit: number): number {
    return this.#scope.db
      .prepare(`${BLANK_JOURNAL} WHERE id IN (SELECT id FROM daybook_journal WHERE consent_type = ? AND timestamp < ? LIMIT ?)`)
      .run(purpose, new Date(before).toISOString(), limit).changes;
  }
}

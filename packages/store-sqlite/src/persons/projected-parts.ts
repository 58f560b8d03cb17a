import type { JsonObject } from "@daybook/core";
import { defined } from "@daybook/core/store";
import { type LedgerKeys, pseudonymsOf } from "@daybook/ledger";
import { seqsWhere } from "../buckets/bucket-index.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { isProjected } from "../encoding/projected-event.ts";
import { otherParts } from "../reading/entry-parts.ts";
import type { ProjectedRecord } from "./person-projection.ts";

/** An entry of one class with its remaining parts. */
export interface ProjectedParts {
  readonly seq: number;
  readonly head: string;
  /** Number of parts that the entry committed to, with the head. */
  readonly committed: number;
  readonly parts: readonly string[];
}

/**
 * All entries of a class of type `compliance` above `after` and below `end` that still have a head, oldest first. Use
 * it inside one transaction.
 */
export function* projectedParts(db: Sqlite, entryClass: number, end: number, after = -1): Generator<ProjectedParts> {
  // Byte 5 of an entry is its class (docs/ledger.md).
  const entry = db.prepare<[number, Buffer], { seq: number; head: string; person: string | null; committed: number }>(
    `SELECT seq, head, person, (length(entry) - 6) / 32 AS committed FROM daybook_entry
    WHERE seq = ? AND head IS NOT NULL AND substr(entry, 5, 1) = ?`,
  );
  const others = otherParts(db);
  const ofClass = Buffer.of(entryClass);
  for (const seqs of seqsWhere(db, { type: "compliance" }, { order: "oldest", low: after + 1, high: end - 1 })) {
    for (const at of seqs) {
      const row = entry.get(at, ofClass);
      if (row === undefined) continue;
      const { seq, head, committed, person } = row;
      yield { seq, head, committed, parts: [...(person === null ? [] : [person]), ...others(seq)] };
    }
  }
}

interface Part {
  readonly role?: string;
  readonly sub?: string;
  readonly uid?: string;
  readonly ip?: string;
  readonly details?: JsonObject;
}

/** The fields of the recorded event that projections read; undefined for other records. */
export function eventOfParts(
  { seq, head: headText, committed, parts: texts }: ProjectedParts,
  keys: LedgerKeys,
): ProjectedRecord | undefined {
  const head = JSON.parse(headText) as { ts: string; type: string; action: string; details?: JsonObject };
  if (!isProjected(head)) return undefined;
  const parts = texts.map((text) => JSON.parse(text) as Part);
  const actor = parts.find(({ role }) => role === "actor");
  // The actor counts as the subject only if the entry had no other person. An erased subject must not become the
  // actor.
  const about = parts.find(({ role }) => role === "subject" || role === "target") ?? (committed === 2 ? actor : undefined);
  const details = parts.find((part) => part.details !== undefined)?.details;
  return {
    seq,
    time: head.ts,
    action: head.action,
    person:
      about?.sub === undefined
        ? undefined
        : {
            sub: about.sub,
            // Without the id only this epoch's pseudonym is known; a look-up tries those of all epochs.
            subs: about.uid === undefined ? [about.sub] : [...new Set([about.sub, ...pseudonymsOf(keys, about.uid)])],
            ...defined({ userId: about.uid }),
          },
    ip: actor?.ip,
    data: { ...head.details, ...details },
  };
}

import { randomUUID } from "node:crypto";
import { DaybookError } from "@daybook/core";
import { defined, type Hold } from "@daybook/core/store";
import { pseudonymOf, pseudonymsOf } from "@daybook/ledger";
import type { Sqlite } from "../database/sqlite-driver.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";
import { type HoldRow, holdRows } from "./erasure-plan.ts";

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * @throws {DaybookError} `BAD_OPTION`: the hold has no case, ground, review date or scope; it would never end or
 * cover everything
 */
export function placeHold({ db, keys, now }: WriterScope, hold: Omit<Hold, "id">): Hold {
  const { user, category, fromSeq, toSeq, case: caseRef, ground, review } = hold;
  if (!caseRef || !ground || !DATE.test(review) || Number.isNaN(Date.parse(review))) {
    throw new DaybookError("BAD_OPTION", "A hold names its case, its ground, and the date (YYYY-MM-DD) of its review.");
  }
  if (user === undefined && category === undefined && fromSeq === undefined && toSeq === undefined) {
    throw new DaybookError("BAD_OPTION", "A hold has a scope: a person, a retention class, or a range of entries.");
  }
  const id = randomUUID();
  // Under the pseudonyms of every epoch: a held entry may be older than the newest key.
  const subs = user === undefined ? undefined : [...new Set([pseudonymOf(keys, user), ...pseudonymsOf(keys, user)])];
  db.prepare(
    "INSERT INTO daybook_hold (id, sub, class, from_seq, to_seq, case_ref, ground, review, placed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
  ).run(
    id,
    subs?.join(" ") ?? null,
    category ?? null,
    fromSeq ?? null,
    toSeq ?? null,
    caseRef,
    ground,
    review,
    new Date(now()).toISOString(),
  );
  return { id, ...hold, ...defined({ user: subs?.[0] }) };
}

/**
 * Blanks the row: deleting it could leave copies of others in the file.
 * @returns false if there is no such hold
 */
export function releaseHold({ db }: WriterScope, id: string): boolean {
  const columns = ["id", "sub", "class", "from_seq", "to_seq", "case_ref", "ground", "review", "placed"];
  const released =
    db.prepare(`UPDATE daybook_hold SET ${columns.map((column) => `${column} = NULL`).join(", ")} WHERE id = ?`).run(id).changes > 0;
  if (holdRows(db).length === 0) db.exec("DELETE FROM daybook_hold");
  return released;
}

export const holdsOf = (db: Sqlite): Hold[] => holdRows(db).map(asHold);

const asHold = (row: HoldRow): Hold => ({
  id: row.id,
  ...defined({
    user: row.sub?.split(" ")[0],
    category: row.class ?? undefined,
    fromSeq: row.from_seq ?? undefined,
    toSeq: row.to_seq ?? undefined,
  }),
  case: row.case_ref,
  ground: row.ground,
  review: row.review,
});

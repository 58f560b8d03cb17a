import type { ErasureItem, ErasurePlan } from "@daybook/core/store";
import { defined } from "@daybook/core/store";
import { CLASS, type FoundPart, type HoldScope, type KeptPart, planErasure } from "@daybook/ledger";
import { one } from "../database/rows.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { policyInForce } from "../ledger/recorded-policy.ts";
import { OF_PERSONS, personList, subList } from "../persons/person-projection.ts";
import { presentParts } from "../reading/entry-parts.ts";
import { lastSeqOf, personSlots } from "../reading/person-index.ts";

const CATEGORIES: ReadonlyMap<number, string> = new Map(Object.entries(CLASS).map(([name, number]) => [number, name]));
const TOGETHER = 1_000;

/** Name of a retention class, as plans and reports show it. */
export const categoryOf = (entryClass: number): string => CATEGORIES.get(entryClass) ?? `class ${entryClass}`;

export interface HoldRow {
  readonly id: string;
  /** Pseudonyms of all key epochs that ever existed, newest first, separated by spaces. */
  readonly sub: string | null;
  readonly class: number | null;
  readonly from_seq: number | null;
  readonly to_seq: number | null;
  readonly case_ref: string;
  readonly ground: string;
  readonly review: string;
}

export const holdRows = (db: Sqlite): HoldRow[] =>
  db
    .prepare<[], HoldRow>(
      "SELECT id, sub, class, from_seq, to_seq, case_ref, ground, review FROM daybook_hold WHERE id IS NOT NULL ORDER BY placed, id",
    )
    .all();

/** Scopes of the holds in force. A person had several pseudonyms when the hold was placed; each of them is a scope. */
export const heldScopes = (db: Sqlite): HoldScope[] =>
  holdRows(db).flatMap((row) => {
    const scope: HoldScope = {
      ground: row.ground,
      ...defined({ class: row.class ?? undefined, fromSeq: row.from_seq ?? undefined, toSeq: row.to_seq ?? undefined }),
    };
    return row.sub === null ? [scope] : row.sub.split(" ").map((sub) => ({ ...scope, sub }));
  });

/** Number of the next entry, and the holds that may cover it. */
export const nextEntry = (db: Sqlite): { readonly seq: number; readonly holds: readonly HoldScope[] } => ({
  seq: lastSeqOf(db) + 1,
  holds: heldScopes(db),
});

interface Block {
  readonly erase: readonly FoundPart[];
  readonly keep: readonly KeptPart[];
}

/** Plans an erasure of all persons with these pseudonyms, in blocks of entries, oldest first. */
export function* plannedBlocks(
  db: Sqlite,
  subs: readonly string[],
  low = 0,
  holds: readonly HoldScope[] = heldScopes(db),
): Generator<Block> {
  const mine = new Set(subs);
  const read = presentParts(db);
  const policy = policyInForce(db);
  for (const slots of personSlots(db, subs, { order: "oldest", low, high: lastSeqOf(db) })) {
    const seqs = [...new Set(slots.map(({ seq }) => seq))];
    for (let i = 0; i < seqs.length; i += TOGETHER) {
      // A reference holds only a part of the pseudonym, so the part itself decides whose it is.
      const found = read(seqs.slice(i, i + TOGETHER)).filter(({ subs: about }) => about.some((sub) => mine.has(sub)));
      yield planErasure(found, policy, holds);
    }
  }
}

/** The pseudonyms with parts that only a hold keeps. */
export function heldAmong(db: Sqlite, subs: readonly string[]): ReadonlySet<string> {
  const held = new Set<string>();
  if (subs.length === 0 || holdRows(db).length === 0) return held;
  const mine = new Set(subs);
  for (const { erase } of plannedBlocks(db, subs, 0, [])) {
    for (const part of erase) for (const sub of part.subs) if (mine.has(sub)) held.add(sub);
  }
  return held;
}

/** Counts a planned erasure by class, role and ground. A generator, so that other work can run between the steps. */
export function* countedPlan(db: Sqlite, subs: readonly string[]): Generator<void, ErasurePlan> {
  const items = new Map<string, { -readonly [K in keyof ErasureItem]: ErasureItem[K] }>();
  let erase = 0;
  let keep = 0;
  const itemOf = (action: ErasureItem["action"], part: { class: number; role: FoundPart["role"] }, ground?: string) => {
    const category = categoryOf(part.class);
    const key = JSON.stringify([category, part.role, action, ground]);
    let item = items.get(key);
    if (item === undefined) {
      item = defined({ category, role: part.role, action, parts: 0, ground });
      items.set(key, item);
    }
    item.parts++;
    return item;
  };
  for (const block of plannedBlocks(db, subs)) {
    erase += block.erase.length;
    keep += block.keep.length;
    for (const part of block.erase) itemOf("erase", part);
    for (const part of block.keep) {
      const item = itemOf("keep", part, part.ground);
      if (part.until !== undefined && (item.until === undefined || item.until < part.until)) item.until = part.until;
    }
    yield;
  }
  const list = [personList(subs), subList(subs)] as const;
  return {
    items: [...items.values()].sort((a, b) => (a.action === b.action ? b.parts - a.parts : a.action < b.action ? -1 : 1)),
    erase,
    keep,
    journal: one(db.prepare<[string, string], number>(`SELECT count(*) FROM user_activity WHERE ${OF_PERSONS}`).pluck(), ...list),
    consents: db
      .prepare<[string, string], string>(
        `SELECT DISTINCT consent_type FROM user_consent WHERE ${OF_PERSONS} AND revoked_at IS NULL AND state IN ('given', 'renewed') ORDER BY 1`,
      )
      .pluck()
      .all(...list),
  };
}

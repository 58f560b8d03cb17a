import { type HoldScope, holdCovers, SlotSet } from "@daybook/ledger";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { presentParts } from "../reading/entry-parts.ts";
import { personSlots } from "../reading/person-index.ts";

/** A range of the log in which the parts or the heads of one class have expired. */
export interface Due {
  readonly class: number;
  readonly kind: "persons" | "heads";
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** Slots of a range that holds keep. */
export interface Held {
  /** By class. A head is kept with any part of its entry: a part says little without time and action. */
  readonly keep: ReadonlyMap<number, SlotSet>;
  /** Entries with a held slot. */
  readonly seqs: ReadonlySet<number>;
}

const TOGETHER = 1_000;

/** Finds the slots that holds keep. Call it inside the transaction that removes the rest. */
export function heldSlots(db: Sqlite, holds: readonly HoldScope[], due: readonly Due[]): Held {
  const keep = new Map<number, SlotSet>();
  const seqs = new Set<number>();
  const keepOf = (entryClass: number) => {
    const set = keep.get(entryClass) ?? new SlotSet();
    keep.set(entryClass, set);
    return set;
  };
  for (const hold of holds) {
    for (const stretch of due) {
      const { class: entryClass, kind } = stretch;
      if (hold.class !== undefined && hold.class !== entryClass) continue;
      const low = Math.max(stretch.from, hold.fromSeq ?? 0);
      const high = Math.min(stretch.to - 1, hold.toSeq ?? Number.MAX_SAFE_INTEGER);
      if (low > high) continue;
      if (hold.sub === undefined) {
        const { found, parts } = ofClass(db, entryClass, low, high);
        if (found.length === 0) continue;
        for (const seq of found) seqs.add(seq);
        if (kind === "heads") keepOf(entryClass).add(0, low, high);
        else for (let part = 1; part < parts; part++) keepOf(entryClass).add(part, low, high);
        continue;
      }
      for (const { seq, part } of partsOf(db, hold, hold.sub, entryClass, low, high)) {
        seqs.add(seq);
        keepOf(entryClass).add(kind === "heads" ? 0 : part, seq);
      }
    }
  }
  return { keep, seqs };
}

/** Slots that no hold keeps any longer. */
export interface Released {
  /** Slots to drop from the list of kept slots. */
  readonly dropped: SlotSet;
  /** Slots of the class to remove, present or not. */
  readonly slots: readonly { readonly seq: number; readonly part: number }[];
}

/** Of the slots of a class that earlier holds kept, those that no hold keeps now, `limit` of them at most. */
export function releasedSlots(db: Sqlite, holds: readonly HoldScope[], entryClass: number, kept: SlotSet, limit: number): Released {
  const dropped = new SlotSet();
  const slots: { seq: number; part: number }[] = [];
  const read = presentParts(db);
  const ofPersons = holds.filter(({ sub }) => sub !== undefined);
  const whole = holds.filter(({ sub }) => sub === undefined);
  for (const part of kept.parts()) {
    for (const [from, to] of kept.ranges(part)) {
      for (let at = from; at <= to; at += TOGETHER) {
        const end = Math.min(to, at + TOGETHER - 1);
        const block: number[] = [];
        for (let seq = at; seq <= end; seq++) {
          if (!whole.some((hold) => holdCovers(hold, { seq, class: entryClass, subs: [] }))) block.push(seq);
        }
        if (block.length === 0) continue;
        const stillHeld = new Set<number>();
        for (const found of ofPersons.length === 0 ? [] : read(block)) {
          if ((part === 0 || part === found.part) && ofPersons.some((hold) => holdCovers(hold, found))) stillHeld.add(found.seq);
        }
        // A list names kept slots of its own class only; entries of other classes in between do not count.
        const mine = new Set(ofClass(db, entryClass, at, end).found);
        for (const seq of block) {
          if (stillHeld.has(seq)) continue;
          dropped.add(part, seq);
          if (mine.has(seq)) slots.push({ seq, part });
        }
        if (slots.length >= limit) return { dropped, slots };
      }
    }
  }
  return { dropped, slots };
}

function ofClass(db: Sqlite, entryClass: number, low: number, high: number): { found: number[]; parts: number } {
  const rows = db
    .prepare<[number, number, Buffer], { seq: number; parts: number }>(
      "SELECT seq, (length(entry) - 6) / 32 AS parts FROM daybook_entry WHERE seq BETWEEN ? AND ? AND substr(entry, 5, 1) = ?",
    )
    .all(low, high, Buffer.of(entryClass));
  return { found: rows.map(({ seq }) => seq), parts: rows.reduce((most, { parts }) => Math.max(most, parts), 0) };
}

function* partsOf(db: Sqlite, hold: HoldScope, sub: string, entryClass: number, low: number, high: number) {
  const read = presentParts(db);
  for (const slots of personSlots(db, [sub], { order: "oldest", low, high })) {
    const seqs = [...new Set(slots.map(({ seq }) => seq))];
    for (let i = 0; i < seqs.length; i += TOGETHER) {
      for (const found of read(seqs.slice(i, i + TOGETHER))) {
        if (found.class === entryClass && holdCovers(hold, found)) yield found;
      }
    }
  }
}

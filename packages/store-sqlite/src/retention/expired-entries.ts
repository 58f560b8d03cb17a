import { CLASS, type FoundPart, type HoldScope, holdCovers, periodInForce } from "@daybook/ledger";
import { candidates, seqsWhere } from "../buckets/bucket-index.ts";
import { classOf } from "../database/rows.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import type { Slot } from "../erasure/erasure-operations.ts";
import { recordedPolicies } from "../ledger/recorded-policy.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";
import { textOf } from "../persons/person-projection.ts";
import { eventOfParts } from "../persons/projected-parts.ts";
import { otherParts, presentParts } from "../reading/entry-parts.ts";
import { lastSeqOf } from "../reading/person-index.ts";
import { cutoffOf } from "./retention-window.ts";

/** A consent whose entry expires, and with it its row in the table of consents. */
export interface ExpiredConsent {
  readonly subs: readonly string[];
  readonly seq: number;
}

/** Expired slots in some entries of the classes without a watermark. */
export interface ExpiredBlock {
  readonly slots: readonly (Slot & { readonly class: number })[];
  readonly consents: readonly ExpiredConsent[];
  /** Expired slots that a hold keeps. */
  readonly held: readonly (Slot & { readonly class: number })[];
}

interface EntryRow {
  readonly seq: number;
  readonly class: Uint8Array;
  readonly head: string;
  readonly person: string | null;
  readonly committed: number;
}

/**
 * Finds expired consents and expired orders to the ledger. They expire one by one, so entries are read newest first:
 * a consent can go after its end has been seen.
 * @param holds in force
 */
export function* expiredEntries(
  db: Sqlite,
  keys: WriterScope["keys"],
  now: number,
  holds: readonly HoldScope[],
): Generator<ExpiredBlock | undefined> {
  const recorded = recordedPolicies(db);
  const cutoff = (entryClass: number, ...kinds: readonly ("persons" | "heads")[]) => {
    const days = kinds.reduce((sum, kind) => sum + periodInForce(recorded, now, entryClass, kind), 0);
    return Number.isFinite(days) && recorded.length > 0 ? cutoffOf(days, now) : "";
  };
  const ages = new ConsentAges({
    persons: cutoff(CLASS.consent, "persons"),
    heads: cutoff(CLASS.consent, "heads"),
    // After this time, the end of such a consent is unknown.
    lonelyHeads: cutoff(CLASS.consent, "persons", "heads"),
  });
  const operators = cutoff(CLASS.ledger, "persons");
  const begin = newestUpTo(db, later(operators, ages.newest));
  if (begin === undefined) return;
  const entry = db.prepare<[number], EntryRow>(
    `SELECT seq, substr(entry, 5, 1) AS class, head, person, (length(entry) - 6) / 32 AS committed FROM daybook_entry
    WHERE seq = ? AND head IS NOT NULL AND substr(entry, 5, 1) IN (x'04', x'08')`,
  );
  const others = otherParts(db);
  const parts = presentParts(db);
  for (const seqs of seqsWhere(db, { type: "compliance" }, { order: "newest", low: 0, high: begin })) {
    const rows = seqs.flatMap((seq) => entry.get(seq) ?? []);
    const found = Map.groupBy(parts(rows.map(({ seq }) => seq)), ({ seq }) => seq);
    const block = { slots: [] as (Slot & { class: number })[], consents: [] as ExpiredConsent[], held: [] as (Slot & { class: number })[] };
    for (const { seq, class: of, head, person, committed } of rows) {
      const entryClass = classOf(of);
      const present = found.get(seq) ?? [];
      const { ts, late } = JSON.parse(head) as { ts: string; late?: string };
      const time = late ?? ts;
      const covered = (part: Pick<FoundPart, "seq" | "class" | "subs">) => holds.some((hold) => holdCovers(hold, part));
      const goes = (part: Pick<FoundPart, "seq" | "part" | "class" | "subs">, isHeld: boolean) =>
        (isHeld ? block.held : block.slots).push({ class: entryClass, seq, part: part.part });
      if (entryClass === CLASS.ledger) {
        if (time <= operators) for (const part of present) if (part.role === "actor") goes(part, covered(part));
        continue;
      }
      const texts = [...(person === null ? [] : [person]), ...others(seq)];
      const record = eventOfParts({ seq, head, committed, parts: texts }, keys);
      const subs = record?.person?.subs ?? [];
      const purpose = record === undefined ? null : textOf(record.data, "purpose");
      const age = ages.of(time, record?.action ?? "", purpose === null ? [] : subs.map((sub) => `${sub} ${purpose}`), present.length > 0);
      if (age.persons) for (const part of present) goes(part, covered(part));
      if (age.heads)
        goes({ seq, part: 0, class: entryClass, subs: [] }, covered({ seq, class: entryClass, subs: [] }) || present.some(covered));
      if (age.persons && subs.length > 0 && !present.some(covered)) block.consents.push({ subs, seq });
    }
    yield block.slots.length + block.held.length > 0 ? block : undefined;
  }
}

/** The newest entry with a time up to this one. */
function newestUpTo(db: Sqlite, time: string): number | undefined {
  const last = db
    .prepare<[number, number, string], number | null>(
      "SELECT max(seq) FROM daybook_entry WHERE seq BETWEEN ? AND ? AND head ->> '$.ts' <= ?",
    )
    .pluck();
  // The end of the range is exclusive; `~` sorts after every character of a time.
  for (const { low, high } of candidates(db, { until: `${time}~` }, { order: "newest", low: 0, high: lastSeqOf(db) })) {
    const found = last.get(low, high, time);
    if (found !== null && found !== undefined) return found;
  }
  return undefined;
}

/** ISO times compare as text. */
const later = (a: string, b: string): string => (a > b ? a : b);

const BEGINS = new Set(["consent.given", "consent.renewed"]);
const ENDS = new Set(["consent.refused", "consent.withdrawn", "consent.expired", "consent.invalidated", "consent.terminated"]);

/** Decides which entries about consents have expired. It must see them newest first. */
class ConsentAges {
  readonly #cutoffs: { readonly persons: string; readonly heads: string; readonly lonelyHeads: string };
  /** Person and purpose of consents whose end has reached its age. */
  readonly #ended = { persons: new Set<string>(), heads: new Set<string>() };
  /** The same for consents that run, or ended more recently. */
  readonly #running = new Set<string>();

  constructor(cutoffs: { readonly persons: string; readonly heads: string; readonly lonelyHeads: string }) {
    this.#cutoffs = cutoffs;
  }

  get newest(): string {
    return later(this.#cutoffs.persons, this.#cutoffs.heads);
  }

  /** @param consents person and purpose, under each pseudonym */
  of(time: string, action: string, consents: readonly string[], hasParts: boolean): { persons: boolean; heads: boolean } {
    const { persons, heads, lonelyHeads } = this.#cutoffs;
    if (!hasParts) return { persons: false, heads: time <= lonelyHeads || (persons === heads && time <= heads) };
    const old = { persons: time <= persons, heads: time <= heads };
    const among = (set: ReadonlySet<string>) => consents.some((consent) => set.has(consent));
    const begins = BEGINS.has(action);
    const ends = ENDS.has(action);
    if (ends) for (const consent of consents) this.#running.delete(consent);
    // The notice shown to a person is part of the proof of the consent that followed.
    const free = !among(this.#running);
    const result = begins
      ? { persons: among(this.#ended.persons), heads: among(this.#ended.heads) }
      : { persons: old.persons && free, heads: old.heads && free };
    if (begins && !result.persons) for (const consent of consents) this.#running.add(consent);
    // A new consent ends the one before.
    if (begins || ends) {
      for (const kind of ["persons", "heads"] as const) if (old[kind]) for (const consent of consents) this.#ended[kind].add(consent);
    }
    return result;
  }
}

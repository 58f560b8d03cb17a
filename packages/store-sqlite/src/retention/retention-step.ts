import { randomBytes } from "node:crypto";
import { defined } from "@daybook/core/store";
import { CLASS, canonicalText, type Operator, prepareEntry, retentionEntry, SlotSet } from "@daybook/ledger";
import { present } from "../database/rows.ts";
import { removeSlots, type Slot } from "../erasure/erasure-operations.ts";
import { heldScopes } from "../erasure/erasure-plan.ts";
import type { Removals } from "../erasure/removal-proof.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";
import { forgetRequests } from "../persons/request-table.ts";
import { heldSlots, releasedSlots } from "./held-slots.ts";
import { blankParts, removeReferences, sampleSalts, slotsOfHeld } from "./retention-blanking.ts";
import { type DeclaredWatermarks, keepPlaces, type RetentionPlaces, retentionPlaces, type Watermarks } from "./retention-watermarks.ts";
import type { DueParts, Reach, RetentionWindow } from "./retention-window.ts";
import { without } from "./slot-subtraction.ts";

/**
 * Characters of a list of kept slots. A list cannot span several entries, because only the newest entry of a class
 * counts.
 */
const LONGEST_KEEP = 60_000;
/** Number of salts per class and kind in a step that a later scan looks for. */
const SAMPLE = 4;

/** Numbers of parts and heads of one class. */
export interface PartCounts {
  readonly class: number;
  readonly persons: number;
  readonly heads: number;
}

export interface StepResult {
  readonly manifests: readonly number[];
  readonly expired: readonly PartCounts[];
  /** Expired slots that a hold keeps. */
  readonly kept: readonly PartCounts[];
  /** Classes that are blocked, because one entry cannot name all held slots. */
  readonly heldBack: readonly number[];
}

/** Thrown if another process moved a watermark after this run began. */
export class OtherRun extends Error {}

/** Removes expired parts. Each step is one transaction with the entries that declare it. */
export class RetentionSteps {
  readonly #scope: WriterScope;
  readonly #removals: Removals;
  readonly #watermarks: DeclaredWatermarks;
  readonly #operator: Operator | undefined;
  #places: RetentionPlaces;

  /** @param places as they were when the watermarks were read */
  constructor(
    scope: WriterScope,
    removals: Removals,
    watermarks: DeclaredWatermarks,
    places: RetentionPlaces | undefined,
    operator: Operator | undefined,
  ) {
    this.#scope = scope;
    this.#removals = removals;
    this.#watermarks = watermarks;
    this.#operator = operator;
    this.#places = places ?? { manifests: {}, looked: {} };
  }

  /**
   * Removes the expired parts of a window.
   * @param reaches moved back for a class that is blocked
   */
  remove({ due, whole }: RetentionWindow, reaches: readonly Reach[]): StepResult {
    const { db, ledger } = this.#scope;
    return ledger.transaction((append) => {
      this.#refuseOther();
      const held = heldSlots(db, heldScopes(db), due);
      const keeps = new Map<number, SlotSet>();
      const heldBack = new Set<number>();
      for (const { class: entryClass } of due) {
        const keep = this.#keepWith(entryClass, held.keep.get(entryClass));
        if (keep === undefined) heldBack.add(entryClass);
        else keeps.set(entryClass, keep);
      }
      takeBack(reaches, due, heldBack);
      const going = due.filter((one) => !heldBack.has(one.class));
      const counts = new Counts(going);
      const spared = new Map<number, Slot[]>();
      for (const { class: entryClass, seq, part, kept } of slotsOfHeld(db, going, held.seqs, (of, part, seq) =>
        present(keeps.get(of), "list of kept slots").has(part, seq),
      )) {
        if (kept) counts.keep(entryClass, part);
        else spared.set(entryClass, [...(spared.get(entryClass) ?? []), { seq, part }]);
      }
      const salts = sampleSalts(db, going, held.seqs, SAMPLE);
      removeReferences(db, going, held.seqs, whole && held.seqs.size === 0);
      blankParts(db, going, held.seqs);
      for (const [entryClass, slots] of spared) {
        salts.set(entryClass, [...(salts.get(entryClass) ?? []), ...removeSlots(this.#scope, slots).slice(0, SAMPLE)]);
      }
      const manifests = [...keeps].map(([entryClass, keep]) =>
        this.#declare(append, { class: entryClass, salts: salts.get(entryClass) ?? [], ...this.#raised(entryClass, reaches), keep }),
      );
      this.#remember(reaches);
      return { manifests, ...counts.result(), heldBack: [...heldBack] };
    });
  }

  /** Removes the slots of a class that were kept for holds released since; undefined if there are none. */
  removeReleased(entryClass: number, limit: number): StepResult | undefined {
    const { db, ledger } = this.#scope;
    const watermarks = this.#watermarks.of(entryClass);
    if (watermarks.keep.size === 0) return undefined;
    const { dropped } = releasedSlots(db, heldScopes(db), entryClass, watermarks.keep, limit);
    if (dropped.size === 0) return undefined;
    return ledger.transaction((append) => {
      this.#refuseOther();
      const released = releasedSlots(db, heldScopes(db), entryClass, watermarks.keep, limit);
      const salts = removeSlots(this.#scope, released.slots);
      const keep = without(watermarks.keep, released.dropped);
      const manifest = this.#declare(append, { class: entryClass, salts, ...watermarks, keep });
      keepPlaces(db, this.#places);
      const heads = released.slots.filter(({ part }) => part === 0).length;
      return {
        manifests: [manifest],
        expired: [{ class: entryClass, persons: released.slots.length - heads, heads }],
        kept: [],
        heldBack: [],
      };
    });
  }

  /** Records how far the run has looked, and that it is complete. */
  end(reaches: readonly Reach[]): void {
    this.#scope.ledger.transaction(() => {
      this.#refuseOther();
      this.#places = { ...this.#places, ended: new Date(this.#scope.now()).toISOString() };
      this.#remember(reaches);
    });
  }

  /** Two parallel runs would each state watermarks without the other's kept slots. */
  #refuseOther(): void {
    const stored = retentionPlaces(this.#scope.db)?.manifests ?? {};
    if (canonicalText(stored) !== canonicalText(this.#places.manifests)) throw new OtherRun("Another run has moved a watermark.");
  }

  /** The kept slots of a class together with those of this step; undefined if one entry cannot name them all. */
  #keepWith(entryClass: number, more: SlotSet | undefined): SlotSet | undefined {
    const { keep } = this.#watermarks.of(entryClass);
    if (more === undefined) return keep;
    const all = new SlotSet();
    all.addAll(keep);
    all.addAll(more);
    return JSON.stringify(all.toJson()).length <= LONGEST_KEEP ? all : undefined;
  }

  #raised(entryClass: number, reaches: readonly Reach[]): { persons: number; heads: number } {
    const marks = this.#watermarks.of(entryClass);
    const at = (kind: Reach["kind"]) => reaches.find((reach) => reach.class === entryClass && reach.kind === kind)?.at ?? 0;
    return { persons: Math.max(marks.persons, at("persons")), heads: Math.max(marks.heads, at("heads")) };
  }

  #declare(
    append: (entry: ReturnType<typeof prepareEntry>) => number,
    { class: entryClass, salts, ...marks }: Watermarks & { readonly class: number; readonly salts: readonly Uint8Array[] },
  ): number {
    const operator = this.#operator;
    const time = new Date(this.#scope.now()).toISOString();
    const split = retentionEntry({
      class: entryClass,
      ...marks,
      time,
      random: randomBytes,
      ...defined({ operator }),
    });
    const seq = append(prepareEntry(split, randomBytes));
    this.#removals.note(seq, salts, false);
    this.#watermarks.set(entryClass, marks);
    this.#places = { ...this.#places, manifests: { ...this.#places.manifests, [entryClass]: seq } };
    if (entryClass === CLASS.compliance) forgetRequests(this.#scope.db, marks);
    return seq;
  }

  #remember(reaches: readonly Reach[]): void {
    const looked: Record<string, [persons: number, heads: number]> = {};
    for (const { class: entryClass, kind, at } of reaches) {
      looked[entryClass] ??= [0, 0];
      looked[entryClass][kind === "persons" ? 0 : 1] = at;
    }
    this.#places = { ...this.#places, looked };
    keepPlaces(this.#scope.db, this.#places);
  }
}

/** Moves a blocked class back to the start of the window. */
function takeBack(reaches: readonly Reach[], due: readonly DueParts[], classes: ReadonlySet<number>): void {
  for (const reach of reaches) {
    if (!classes.has(reach.class)) continue;
    reach.ended = true;
    for (const { class: entryClass, from } of due) if (entryClass === reach.class) reach.at = Math.min(reach.at, from);
  }
}

class Counts {
  readonly #due = new Map<number, { persons: number; heads: number }>();
  readonly #kept = new Map<number, { persons: number; heads: number }>();

  constructor(due: readonly DueParts[]) {
    for (const { class: entryClass, kind, inRows, inTable } of due) {
      const counts = this.#due.get(entryClass) ?? { persons: 0, heads: 0 };
      counts[kind] += inRows + inTable;
      this.#due.set(entryClass, counts);
      this.#kept.set(entryClass, { persons: 0, heads: 0 });
    }
  }

  keep(entryClass: number, part: number): void {
    present(this.#kept.get(entryClass), "count of the class")[part === 0 ? "heads" : "persons"]++;
  }

  result(): { expired: PartCounts[]; kept: PartCounts[] } {
    const kept = [...this.#kept].map(([entryClass, counts]) => ({ class: entryClass, ...counts }));
    const expired = kept.map(({ class: entryClass, persons, heads }) => {
      const due = present(this.#due.get(entryClass), "count of the class");
      return { class: entryClass, persons: due.persons - persons, heads: due.heads - heads };
    });
    return { expired, kept };
  }
}

import { CLASS } from "../entry/entry-class.ts";
import type { Manifest } from "./read-manifest.ts";
import { SlotSet } from "./slot-set.ts";

/** A place for one part of one entry. */
export interface Slot {
  readonly seq: number;
  readonly part: number;
}

/** An entry of class 8, read before the pass over all rows. */
export interface Statement {
  readonly seq: number;
  readonly manifest: Manifest;
  /** `late` or else `ts` of the entry. */
  readonly time: string;
  /** Number of the part with its list of slots, if it has one. */
  readonly listPart: number;
  /** Its own seal holds under a given key. */
  readonly sealed: boolean;
}

/** An entry that explains absences, and the absences it has explained so far. */
export interface Explanation {
  readonly seq: number;
  readonly sealed: boolean;
  readonly kind: "erasure" | "retention";
  count: number;
  readonly first: Slot[];
}

interface OwnedRanges {
  readonly from: number[];
  readonly to: number[];
  readonly owner: Explanation[];
  at: number;
}

interface Watermarks {
  /** Ascending; the explanation at the same index raised the watermark to this. */
  readonly raised: number[];
  readonly owner: Explanation[];
}

interface ClassWatermarks {
  readonly persons: Watermarks;
  readonly heads: Watermarks;
  keep: SlotSet;
}

/** A watermark that an entry raised, to be compared with the retention period. */
export interface RaisedWatermark {
  readonly statement: Statement;
  readonly class: number;
  readonly kind: "persons" | "heads";
  /** All parts of the kind below this sequence number are gone. */
  readonly below: number;
}

/** Called for an entry that breaks a rule. */
export type Refuse = (seq: number, text: string) => void;

/** The slots that the log declares gone: erasures name slots, and retention raises a watermark for each class. */
export class DeclaredAbsences {
  readonly #named = new Map<number, OwnedRanges>();
  readonly #retention = new Map<number, ClassWatermarks>();
  readonly #unproven: { readonly seq: number; readonly gone: SlotSet }[] = [];
  readonly explanations: Explanation[] = [];
  readonly raised: RaisedWatermark[] = [];
  /** Seq of each counting erasure and the slots it names. */
  readonly erasures: { readonly explanation: Explanation; readonly gone: SlotSet }[] = [];

  /**
   * @param statements ascending
   * @param ledgerHeads the heads of all entries of class 8
   * @param counts true for an entry below a checkpoint or with a seal that holds: others excuse nothing
   * @param refuse called for each entry that breaks a rule
   */
  constructor(statements: readonly Statement[], ledgerHeads: SlotSet, counts: (statement: Statement) => boolean, refuse: Refuse) {
    const erasures = new Erasures(ledgerHeads, refuse);
    for (const statement of statements) {
      const { seq, manifest, sealed } = statement;
      if (manifest.action === "ledger.erasure" && erasures.accept(statement, manifest, counts(statement)) && manifest.gone !== undefined) {
        if (counts(statement)) this.erasures.push({ explanation: this.#explanation(seq, sealed, "erasure"), gone: manifest.gone });
        else this.#unproven.push({ seq, gone: manifest.gone });
      }
      if (manifest.action === "ledger.retention" && counts(statement)) this.#raise(statement, manifest);
    }
    this.#index(this.erasures.filter(({ explanation }) => !erasures.replaced.has(explanation.seq)));
  }

  /** The entry that declares a slot gone; undefined if it should be present. Call it in ascending order of `seq`. */
  explain(entryClass: number, part: number, seq: number): Explanation | undefined {
    // Heads of class 8 explain every absence, so they are never removed.
    if (entryClass === CLASS.ledger && part === 0) return undefined;
    return this.#namedBy(part, seq) ?? this.#belowWatermark(entryClass, part, seq);
  }

  /** The entry that names a slot but does not count. */
  unprovenBy(part: number, seq: number): number | undefined {
    return this.#unproven.find(({ gone }) => gone.has(part, seq))?.seq;
  }

  /** True if a later retention entry of the class that counts covers what this one explained. */
  alsoCovered(explanation: Explanation, counts: (explanation: Explanation) => boolean): boolean {
    for (const { persons, heads } of this.#retention.values()) {
      for (const { owner } of [persons, heads]) {
        const i = owner.indexOf(explanation);
        if (i >= 0) return owner.slice(i + 1).some(counts);
      }
    }
    return false;
  }

  #explanation(seq: number, sealed: boolean, kind: Explanation["kind"]): Explanation {
    const explanation: Explanation = { seq, sealed, kind, count: 0, first: [] };
    this.explanations.push(explanation);
    return explanation;
  }

  #raise(statement: Statement, { class: entryClass, persons, heads, keep }: Extract<Manifest, { action: "ledger.retention" }>): void {
    let marks = this.#retention.get(entryClass);
    if (marks === undefined) {
      marks = { persons: { raised: [], owner: [] }, heads: { raised: [], owner: [] }, keep };
      this.#retention.set(entryClass, marks);
    }
    marks.keep = keep;
    const explanation = this.#explanation(statement.seq, statement.sealed, "retention");
    for (const [kind, below] of [
      ["persons", persons],
      ["heads", heads],
    ] as const) {
      if (below <= (marks[kind].raised.at(-1) ?? 0)) continue;
      marks[kind].raised.push(below);
      marks[kind].owner.push(explanation);
      this.raised.push({ statement, class: entryClass, kind, below });
    }
  }

  #index(erasures: readonly { readonly explanation: Explanation; readonly gone: SlotSet }[]): void {
    const byPart = new Map<number, { from: number; to: number; owner: Explanation }[]>();
    for (const { explanation, gone } of erasures) {
      for (const part of gone.parts()) {
        const ranges = byPart.get(part) ?? [];
        byPart.set(part, ranges);
        for (const [from, to] of gone.ranges(part)) ranges.push({ from, to, owner: explanation });
      }
    }
    for (const [part, ranges] of byPart) {
      ranges.sort((a, b) => a.from - b.from);
      this.#named.set(part, {
        from: ranges.map(({ from }) => from),
        to: ranges.map(({ to }) => to),
        owner: ranges.map(({ owner }) => owner),
        at: 0,
      });
    }
  }

  #namedBy(part: number, seq: number): Explanation | undefined {
    const ranges = this.#named.get(part);
    if (ranges === undefined) return undefined;
    while (ranges.at < ranges.to.length && ranges.to[ranges.at]! < seq) ranges.at++;
    return ranges.at < ranges.from.length && ranges.from[ranges.at]! <= seq ? ranges.owner[ranges.at] : undefined;
  }

  #belowWatermark(entryClass: number, part: number, seq: number): Explanation | undefined {
    const marks = this.#retention.get(entryClass);
    if (marks === undefined) return undefined;
    const { raised, owner } = part === 0 ? marks.heads : marks.persons;
    if (seq >= (raised.at(-1) ?? 0) || marks.keep.has(part, seq)) return undefined;
    let low = 0;
    let high = raised.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (raised[middle]! > seq) high = middle;
      else low = middle + 1;
    }
    return owner[low];
  }
}

type Erasure = Extract<Manifest, { action: "ledger.erasure" }>;

/** Checks erasures against the erasures before them. */
class Erasures {
  /** Entries whose list a later entry took over. */
  readonly replaced = new Set<number>();
  readonly #accepted = new Map<number, { readonly erasure: Erasure; readonly listPart: number }>();
  readonly #refuse: Refuse;
  readonly #ledgerHeads: SlotSet;
  #named = new SlotSet();

  constructor(ledgerHeads: SlotSet, refuse: Refuse) {
    this.#ledgerHeads = ledgerHeads;
    this.#refuse = refuse;
  }

  accept({ seq, listPart }: Statement, erasure: Erasure, counts: boolean): boolean {
    const problem = this.#mergeProblem(erasure) ?? this.#nameProblem(erasure);
    if (problem !== undefined) {
      this.#refuse(seq, `entry ${seq} ${problem}`);
      return false;
    }
    // A slot named by an entry that does not count can still be named by one that does.
    if (!counts) return true;
    for (const merged of erasure.merges) this.replaced.add(merged);
    this.#accepted.set(seq, { erasure, listPart });
    if (erasure.gone !== undefined) this.#named.addAll(erasure.gone);
    return true;
  }

  #mergeProblem({ merges, n, gone }: Erasure): string | undefined {
    if (merges.length === 0) return undefined;
    let sum = merges.length;
    for (const merged of merges) {
      const before = this.#accepted.get(merged);
      if (before === undefined || this.replaced.has(merged))
        return `merges entry ${merged}, which is no erasure that could still be merged`;
      if (gone !== undefined && !gone.has(before.listPart, merged)) return `merges entry ${merged} without naming its list`;
      sum += before.erasure.n;
    }
    return sum === n ? undefined : `names ${n} slots, but merges ${sum}`;
  }

  #nameProblem({ merges, gone }: Erasure): string | undefined {
    if (gone === undefined) return undefined;
    if (this.#ledgerHeads.overlaps(gone)) return "names the head of an entry of the ledger";
    // A merge names the slots of the merged lists again, even while these lists are present.
    if (merges.some((merged) => this.#accepted.get(merged)?.erasure.gone !== undefined)) {
      this.#named = new SlotSet();
      for (const [seq, { erasure }] of this.#accepted) {
        if (erasure.gone !== undefined && !merges.includes(seq) && !this.replaced.has(seq)) this.#named.addAll(erasure.gone);
      }
    }
    return this.#named.overlaps(gone) ? "names a slot that another erasure has named" : undefined;
  }
}

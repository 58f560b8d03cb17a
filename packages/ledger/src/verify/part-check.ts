import { type PartLabels, scanCanonical } from "../encoding/canonical-scan.ts";
import { opens } from "../entry/entry.ts";
import type { DeclaredAbsences, Explanation } from "../removal/declared-absences.ts";
import type { EntryRow, StoredPart } from "./entry-row.ts";
import type { Evidence, VerifyReport } from "./verify-report.ts";

/** Called with sequence number, part number, and pseudonym and tenant of a detachable part that opens. */
export type OnPart = (seq: number, part: number, labels: Pick<PartLabels, "sub" | "tenant">) => void;

/** Time that a head states. */
export interface HeadTime {
  /** UTC, ISO 8601 with milliseconds. */
  readonly time: string;
  /** The time is that of a late entry: one written after the event. */
  readonly late: boolean;
}

/** Number of lost slots a report names for one explanation. */
const SHOWN = 10;

/** Checks that every present part opens its commitment, and that the log explains every absent one. */
export class PartCheck {
  readonly #absences: DeclaredAbsences;
  readonly #onPart: OnPart | undefined;
  readonly #evidence: Evidence;

  constructor(absences: DeclaredAbsences, onPart: OnPart | undefined, evidence: Evidence) {
    this.#absences = absences;
    this.#onPart = onPart;
    this.#evidence = evidence;
  }

  /**
   * Checks the parts of one row.
   * @param entryClass class of the entry, 1 to 255
   * @param count number of parts of the entry, at least 1
   * @returns the time in the head; undefined if the head does not open or states none
   */
  row(row: EntryRow, entryClass: number, count: number): HeadTime | undefined {
    const { seq, head, salt0, person, salt1, others } = row;
    const gone = head === null && salt0 === null;
    const time = gone ? undefined : this.#head(row);
    if (gone) this.#absent(entryClass, 0, seq);
    else this.#present(entryClass, 0, seq);

    const inRow = person !== null || salt1 !== null;
    if (inRow) this.#part(row, count, 1, salt1, person);
    if (others.length === 0) {
      // Most rows have one person or none: this path allocates nothing.
      for (let part = 1; part < count; part++) {
        if (part === 1 && inRow) this.#present(entryClass, 1, seq);
        else this.#absent(entryClass, part, seq);
      }
      return time;
    }
    const filled = this.#others(row, count, inRow);
    for (let part = 1; part < count; part++) {
      if (filled.has(part)) this.#present(entryClass, part, seq);
      else this.#absent(entryClass, part, seq);
    }
    return time;
  }

  /** Number of parts that entries of a kind explain, without entries that do not count. */
  explained(kind: Explanation["kind"], counts: (explanation: Explanation) => boolean): number {
    let sum = 0;
    for (const one of this.#absences.explanations) if (one.kind === kind && counts(one)) sum += one.count;
    return sum;
  }

  /** The erasures that count and explain at least one part. */
  erasures(counts: (explanation: Explanation) => boolean): VerifyReport["erasures"] {
    return this.#absences.erasures
      .filter(({ explanation }) => explanation.count > 0 && counts(explanation))
      .map(({ explanation, gone }) => ({ manifest: explanation.seq, parts: explanation.count, gone: gone.toJson() }));
  }

  /**
   * Withdraws what entries explained that do not count after all: above the largest root that matched, and without a seal that holds.
   * The slots they named do not move `firstBad`, because the evidence begins at the root that does not match.
   */
  finish(counts: (explanation: Explanation) => boolean): void {
    for (const explanation of this.#absences.explanations) {
      const { count, first, seq } = explanation;
      if (count === 0 || counts(explanation)) continue;
      if (explanation.kind === "retention" && this.#absences.alsoCovered(explanation, counts)) continue;
      for (const slot of first) this.#unexplained(slot.seq, slot.part, seq);
      const [slot] = first;
      if (slot !== undefined && count > first.length) this.#unexplained(slot.seq, slot.part, seq, count - first.length);
    }
  }

  /** Checks the parts outside the row, and returns the numbers of all detachable parts that are there. */
  #others(row: EntryRow, count: number, inRow: boolean): Set<number> {
    const { seq, others } = row;
    const filled = new Set<number>(inRow ? [1] : []);
    for (const { part, salt, data } of others) {
      if (filled.has(part)) this.#evidence.error("ORPHAN", seq, { part, text: `part ${part} of entry ${seq} is there twice` });
      filled.add(part);
      this.#part(row, count, part, salt, data);
    }
    return filled;
  }

  #head({ seq, entry, salt0, head }: EntryRow): HeadTime | undefined {
    if (salt0 === null || head === null || !opens(entry, 0, salt0, head)) {
      this.#evidence.error("ALTERED", seq, { part: 0, text: `the head of entry ${seq} was changed` });
      return undefined;
    }
    const { ts, late } = this.#labels(seq, 0, head);
    const time = late ?? ts;
    return time?.length === 24 ? { time, late: late !== undefined } : undefined;
  }

  #part({ seq, entry }: EntryRow, count: number, part: number, salt: StoredPart["salt"], data: StoredPart["data"]): void {
    if (part < 1 || part >= count) this.#evidence.error("ORPHAN", seq, { part, text: `entry ${seq} has no part ${part}` });
    else if (salt === null || data === null || !opens(entry, part, salt, data)) {
      this.#evidence.error("ALTERED", seq, { part, text: `part ${part} of entry ${seq} was changed` });
    } else {
      const labels = this.#labels(seq, part, data);
      this.#onPart?.(seq, part, labels);
    }
  }

  /** Labels of a part that opens; none if it is not canonical JSON, because two readers could read it differently. */
  #labels(seq: number, part: number, data: Uint8Array): PartLabels {
    const labels = scanCanonical(data);
    if (labels === undefined) this.#evidence.add("NONCANONICAL", { seq, part, text: `part ${part} of entry ${seq} is not canonical JSON` });
    return labels ?? {};
  }

  #absent(entryClass: number, part: number, seq: number): void {
    const explanation = this.#absences.explain(entryClass, part, seq);
    if (explanation === undefined) {
      this.#evidence.markBad(seq);
      this.#unexplained(seq, part, this.#absences.unprovenBy(part, seq));
      return;
    }
    explanation.count++;
    if (explanation.first.length < SHOWN) explanation.first.push({ seq, part });
  }

  #present(entryClass: number, part: number, seq: number): void {
    const explanation = this.#absences.explain(entryClass, part, seq);
    if (explanation === undefined) return;
    const text = `part ${part} of entry ${seq} is there, but gone according to entry ${explanation.seq}`;
    this.#evidence.error("RESURRECTED", seq, { part, text });
  }

  #unexplained(seq: number, part: number, unproven: number | undefined, count = 1): void {
    const named = unproven === undefined ? "" : `; it is named by entry ${unproven}, which is not proven`;
    const text = `${part === 0 ? "the head" : `part ${part}`} of entry ${seq} is gone${named}`;
    this.#evidence.add("UNEXPLAINED_LOSS", { seq, part, text }, count);
  }
}

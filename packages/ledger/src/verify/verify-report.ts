import type { SlotList } from "../removal/slot-set.ts";
import { type Finding, type FindingCode, type FindingGroup, type FindingLevel, FindingList } from "./findings.ts";

/** Result of one verification. */
export interface VerifyReport {
  /** `tampered`: an error was found. `not proven`: no error, but what `requireWitness` or `strict` asks for is missing. */
  readonly verdict: "intact" | "not proven" | "tampered";
  /** `tamper-evident`: an independent party holds evidence of at least part of the log, which therefore counts against anyone. */
  readonly grade: "tamper-evident" | "tamper-detecting";
  /** Origin of the newest checkpoint that matches, `<name>/<generation>`; null without any. */
  readonly origin: string | null;
  /** True if only the entries after a checkpoint were checked. */
  readonly partial: boolean;
  /** Number of entries, the missing ones included. */
  readonly entries: number;
  /** Largest size with a signed root that the entries give. */
  readonly signedTo: number;
  /** The largest such size each witness vouches for, the largest first. `time` is ISO 8601, or null without a time that ISO can write. */
  readonly witnessed: readonly { readonly name: string; readonly size: number; readonly time: string | null }[];
  /** Number of parts that are gone and named by an erasure. */
  readonly erased: number;
  /** Number of parts that are gone by retention. */
  readonly expired: number;
  /** Which entry declares which slots gone, with the number of parts that it explains. */
  readonly erasures: readonly { readonly manifest: number; readonly parts: number; readonly gone: SlotList }[];
  /** Lowest sequence number with evidence of tampering. For a range that is only known as a whole, its first; null without evidence. */
  readonly firstBad: number | null;
  /** Evidence of tampering, the lowest sequence number first. */
  readonly findings: readonly FindingGroup[];
  /** Warnings and notices, the lowest sequence number first. */
  readonly warnings: readonly FindingGroup[];
}

/** What the checks of one pass find, and the lowest sequence number that they show to be bad. */
export class Evidence {
  readonly #list = new FindingList();
  #firstExact = Number.POSITIVE_INFINITY;
  #firstRange = Number.POSITIVE_INFINITY;
  #lastBroken = -1;

  /** Records a finding that says nothing about where the log is bad. */
  add(code: FindingCode, finding: Finding, count?: number): void {
    this.#list.add(code, finding, count);
  }

  /** Records an error at one entry. */
  error(code: FindingCode, seq: number, finding: Omit<Finding, "seq">, count?: number): void {
    this.markBad(seq);
    this.#list.add(code, { seq, ...finding }, count);
  }

  /** Records an error in the entry or seal itself, which explains why later roots differ. */
  broken(code: FindingCode, seq: number, text: string, count?: number): void {
    this.#lastBroken = Math.max(this.#lastBroken, seq);
    this.error(code, seq, { text }, count);
  }

  /** Records an error somewhere in the entries from `from` on; a broken entry among them says exactly where. */
  brokenSince(code: FindingCode, from: number, text: string): void {
    this.#list.add(code, { seq: from, text });
    if (this.#lastBroken < from) this.#firstRange = Math.min(this.#firstRange, from);
  }

  /** Counts an entry as bad without a finding of its own. */
  markBad(seq: number): void {
    this.#firstExact = Math.min(this.#firstExact, seq);
  }

  hasLevel(level: FindingLevel): boolean {
    return this.#list.hasLevel(level);
  }

  /** The part of the report that the findings decide. */
  summary(): Pick<VerifyReport, "firstBad" | "findings" | "warnings"> {
    const firstBad = Math.min(this.#firstExact, this.#firstRange);
    return {
      firstBad: Number.isFinite(firstBad) ? firstBad : null,
      findings: this.#list.groups("error"),
      warnings: this.#list.groups("warning", "notice"),
    };
  }
}

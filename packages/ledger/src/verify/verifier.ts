import { type GivenNote, TrustedCheckpoints } from "../checkpoint/trusted-checkpoints.ts";
import { partCount } from "../entry/entry.ts";
import { type LedgerKeys, sealKeyAt } from "../keys/keys.ts";
import type { Vkey } from "../keys/vkey.ts";
import { LedgerError } from "../ledger-error.ts";
import { leafHash } from "../merkle/merkle.ts";
import { DeclaredAbsences } from "../removal/declared-absences.ts";
import type { EntryRow } from "./entry-row.ts";
import type { Finding, FindingCode } from "./findings.ts";
import { LedgerStatements } from "./ledger-statements.ts";
import { type OnPart, PartCheck } from "./part-check.ts";
import { RootCheck, type StartingPoint, witnessedSizes } from "./root-check.ts";
import { SealCheck, type SealKeys, sealHolds } from "./seal-check.ts";
import { TimeCheck } from "./time-check.ts";
import { Evidence, type VerifyReport } from "./verify-report.ts";

/** What a verification trusts and how strict it is. */
export interface VerifierOptions {
  /** All notes at hand, from any source. */
  readonly notes: readonly GivenNote[];
  /** Trusted public keys of the log. Default: the public key among `keys`, under every generation of their name. */
  readonly vkeys?: readonly Vkey[];
  /** Trusted public keys of witnesses. Default: none. */
  readonly witnesses?: readonly Vkey[];
  /** Keys to check seals with. Default: seals are not checked, and `NO_SEAL_KEY` says so. */
  readonly keys?: LedgerKeys;
  /** The keys in `vkeys` were taken from the file that is checked. Default false. */
  readonly selfAttested?: boolean;
  /** Current time, milliseconds since the Unix epoch. */
  readonly now: number;
  /** Fail without an independent checkpoint, and for entries older than 15 minutes that none covers. Default false. */
  readonly requireWitness?: boolean;
  /** Fail for every warning. Default false. */
  readonly strict?: boolean;
  /** Check only the entries after a checkpoint. Default: all entries. */
  readonly since?: StartingPoint;
  /** Called with pseudonym and tenant of each detachable part that opens. Default: not called. */
  readonly onPart?: OnPart;
}

/** Checks a log as its rows stream by. Memory grows with the ranges that are gone, not with the rows. */
export interface Verifier {
  /**
   * Takes an entry of class 8. All of them come before the first row, ascending, because they say which parts are gone.
   * @param previousSeal seal of the row before, 16 bytes (zero before the first); undefined if that row is missing
   * @throws {LedgerError} `BAD_SIZE`: a row was given before
   */
  manifest(row: EntryRow, previousSeal: Uint8Array | undefined): void;
  /**
   * Takes a row; all rows, those of class 8 included, in ascending order.
   * @throws {LedgerError} `BAD_SIZE`: a row out of order. If `since` cannot be relied on: `UNTRUSTED_NOTE`, `BAD_FRONTIER`
   */
  row(row: EntryRow): void;
  /** Takes a part whose entry does not exist. */
  orphan(seq: number, part: number): void;
  /** Adds a finding about the file rather than the rows. `count` is 1 by default. */
  add(code: FindingCode, finding: Finding, count?: number): void;
  /**
   * The report. The verifier cannot be used after it.
   * @throws {LedgerError} `UNTRUSTED_NOTE`, `BAD_FRONTIER`: `since` cannot be relied on
   */
  finish(): VerifyReport;
}

/**
 * A verifier of one log: give it the entries of class 8, then all rows, then ask for the report.
 * @example
 * ```ts
 * import { createVerifier, type EntryRow, type GivenNote, parseVkey, type VerifyReport } from "@daybook/ledger";
 *
 * export function verifyRows(rows: readonly EntryRow[], notes: readonly GivenNote[], vkey: string): VerifyReport {
 *   const verifier = createVerifier({ notes, vkeys: [parseVkey(vkey)], now: Date.now() });
 *   rows.forEach((row, i) => {
 *     if (row.entry[4] === 8) verifier.manifest(row, i === 0 ? new Uint8Array(16) : rows[i - 1]?.seal);
 *   });
 *   for (const row of rows) verifier.row(row);
 *   return verifier.finish();
 * }
 * ```
 */
export function createVerifier(options: VerifierOptions): Verifier {
  return new StreamingVerifier(options);
}

/** The checks of the pass over all rows, made once the entries of class 8 are known. */
interface Checks {
  readonly roots: RootCheck;
  readonly seals: SealCheck;
  readonly parts: PartCheck;
  readonly times: TimeCheck;
}

const NO_KEYS: SealKeys = { retired: [] };

class StreamingVerifier implements Verifier {
  readonly #options: VerifierOptions;
  readonly #keys: SealKeys;
  readonly #evidence = new Evidence();
  readonly #notes: TrustedCheckpoints;
  readonly #statements = new LedgerStatements(this.#evidence);
  #checks: Checks | undefined;
  /** Sequence number of the next row. */
  #position: number;

  constructor(options: VerifierOptions) {
    const { notes, vkeys, witnesses = [], keys, since } = options;
    this.#options = options;
    this.#keys = keys ?? NO_KEYS;
    this.#position = since?.size ?? 0;
    const trust = { vkeys: vkeys ?? [], witnesses, keys: vkeys === undefined ? keys : undefined };
    this.#notes = new TrustedCheckpoints(since === undefined ? notes : [...notes, { note: since.note, source: "stored" }], trust);
  }

  manifest(row: EntryRow, previousSeal: Uint8Array | undefined): void {
    if (this.#checks !== undefined) throw new LedgerError("BAD_SIZE", "Entries of class 8 come before the rows.");
    const sealed = () => {
      const key = sealKeyAt(this.#keys, row.seq);
      return key !== undefined && previousSeal !== undefined && sealHolds(key, row, previousSeal);
    };
    this.#statements.read(row, sealed, this.#notes.reach);
  }

  row(row: EntryRow): void {
    const checks = this.#start();
    const { seq, entry } = row;
    if (seq < this.#position) throw new LedgerError("BAD_SIZE", `Row ${seq} comes after row ${this.#position - 1}.`);
    if (seq > this.#position) this.#missing(this.#position, seq - 1);
    const count = partCount(entry);
    const entryClass = entry[4];
    if (count === 0 || entryClass === undefined) this.#evidence.broken("BAD_ENTRY", seq, `entry ${seq} is malformed`);
    const leaf = leafHash(entry);
    checks.seals.row(row, leaf);
    if (count > 0 && entryClass !== undefined) checks.times.row(seq, checks.parts.row(row, entryClass, count));
    this.#position = seq + 1;
    checks.roots.push(leaf);
  }

  orphan(seq: number, part: number): void {
    this.#evidence.error("ORPHAN", seq, { part, text: `part ${part} belongs to entry ${seq}, which does not exist` });
  }

  add(code: FindingCode, finding: Finding, count?: number): void {
    this.#evidence.add(code, finding, count);
  }

  finish(): VerifyReport {
    const { roots, seals, parts, times } = this.#start();
    const { now, since, strict = false, requireWitness = false, selfAttested = false } = this.#options;
    const { matched, independent } = roots;
    const counts = ({ seq, sealed }: { readonly seq: number; readonly sealed: boolean }) => sealed || seq < matched;
    roots.finish(this.#position);
    parts.finish(counts);
    seals.finish(matched);
    times.finish(since?.size ?? 0, this.#statements.all.filter(counts));
    if (selfAttested) this.#evidence.add("SELF_ATTESTED", { text: "give the public key with --vkey or --policy" });
    this.#reportTail(matched);
    const tooLong = times.unwitnessedTooLong(now);
    this.#reportUnwitnessed(independent.at(-1)?.size, requireWitness && tooLong);

    const unwitnessed = requireWitness && (independent.length === 0 || tooLong);
    const unproven = unwitnessed || (strict && this.#evidence.hasLevel("warning"));
    return {
      verdict: this.#evidence.hasLevel("error") ? "tampered" : unproven ? "not proven" : "intact",
      grade: independent.length > 0 ? "tamper-evident" : "tamper-detecting",
      origin: roots.origin,
      partial: since !== undefined,
      entries: this.#position,
      signedTo: matched,
      witnessed: witnessedSizes(independent),
      erased: parts.explained("erasure", counts),
      expired: parts.explained("retention", counts),
      erasures: parts.erasures(counts),
      ...this.#evidence.summary(),
    };
  }

  /** Makes the checks, the first time it is called. */
  #start(): Checks {
    if (this.#checks !== undefined) return this.#checks;
    const { since, onPart } = this.#options;
    this.#notes.learn(this.#statements.learnedKeys());
    const ends = this.#statements.generationEnds(this.#notes.accepted);
    const roots = new RootCheck(this.#notes, ends, since, this.#evidence);
    const { reach } = roots;
    const counts = ({ seq, sealed }: { readonly seq: number; readonly sealed: boolean }) => sealed || seq < reach;
    const { all, heads } = this.#statements;
    const absences = new DeclaredAbsences(all, heads, counts, (seq, text) => this.#evidence.error("BAD_MANIFEST", seq, { text }));
    const seals = new SealCheck(all.filter(counts), reach, this.#keys, this.#evidence);
    if (since !== undefined) seals.startAfter(since.seal);
    const parts = new PartCheck(absences, onPart, this.#evidence);
    const times = new TimeCheck(absences.raised, roots, this.#evidence);
    this.#checks = { roots, seals, parts, times };
    return this.#checks;
  }

  #missing(from: number, to: number): void {
    const text = from === to ? `entry ${from} is missing` : `entries ${from} to ${to} are missing`;
    this.#evidence.broken("MISSING_ENTRY", from, text, to - from + 1);
    this.#checks?.roots.stop();
  }

  #reportTail(matched: number): void {
    const tail = this.#position - matched;
    if (tail > 0) this.#evidence.add("UNANCHORED_TAIL", { seq: matched, text: `${tail} entries after size ${matched}` }, tail);
  }

  /** @param witnessedTo largest size that an independent party vouches for; undefined without any */
  #reportUnwitnessed(witnessedTo: number | undefined, tooLong: boolean): void {
    if (witnessedTo === undefined) this.#evidence.add("UNWITNESSED", { text: "no independent checkpoint was given" });
    else if (tooLong) {
      const text = `entries from #${witnessedTo} on are older than 15 minutes and not witnessed`;
      this.#evidence.add("UNWITNESSED", { seq: witnessedTo, text });
    }
  }
}

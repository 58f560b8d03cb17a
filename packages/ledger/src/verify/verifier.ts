import type { KeyObject } from "node:crypto";
import {
  type GivenNote,
  isIndependent,
  type LearnedKey,
  type TrustedCheckpoint,
  TrustedCheckpoints,
} from "../checkpoint/trusted-checkpoints.ts";
import { WitnessTimes } from "../checkpoint/witness-times.ts";
import { type PartLabels, scanCanonical } from "../encoding/canonical-scan.ts";
import { opens, partCount } from "../entry/entry.ts";
import { CLASS } from "../entry/entry-class.ts";
import { SEAL_LENGTH, sealNext } from "../entry/seal.ts";
import { type LedgerKeys, sealKeyAt } from "../keys/keys.ts";
import { parseVkey, type Vkey } from "../keys/vkey.ts";
import { isLedgerError, LedgerError } from "../ledger-error.ts";
import { Frontier } from "../merkle/frontier.ts";
import { leafHash } from "../merkle/merkle.ts";
import { DeclaredAbsences, type Explanation, type Statement } from "../removal/declared-absences.ts";
import { expiryFindings } from "../removal/expiry-times.ts";
import { readManifest } from "../removal/read-manifest.ts";
import { type SlotList, SlotSet } from "../removal/slot-set.ts";
import { type Finding, type FindingCode, type FindingGroup, FindingList } from "./findings.ts";

/** A row as it is stored. Parts are bytes, because decoding them as text would hide an edit. */
export interface LedgerRow {
  readonly seq: number;
  readonly entry: Uint8Array;
  readonly seal: Uint8Array;
  readonly salt0: Uint8Array | null;
  readonly head: Uint8Array | null;
  /** Part 1, where it lies in the row. */
  readonly salt1: Uint8Array | null;
  readonly person: Uint8Array | null;
  /** Part 1 encrypted. */
  readonly box?: Uint8Array | null;
  /** All other parts; one without `data` is encrypted. */
  readonly others: readonly { readonly part: number; readonly salt: Uint8Array | null; readonly data: Uint8Array | null }[];
}

/** Where a partial verification starts: a checkpoint, and the tree and seal as they were then. */
export interface StartingPoint {
  readonly size: number;
  readonly note: string | Uint8Array;
  /** Of the tree of that size, see `Frontier.toBytes`. */
  readonly frontier: Uint8Array;
  /** Of the row before. */
  readonly seal: Uint8Array;
}

export interface VerifierOptions {
  /** All notes at hand, from whatever source. */
  readonly notes: readonly GivenNote[];
  /** Trusted public keys of the log. Default: the public key among `keys`, under every generation of their name. */
  readonly vkeys?: readonly Vkey[];
  /** Trusted public keys of witnesses. */
  readonly witnesses?: readonly Vkey[];
  /** Seals are checked with these. */
  readonly keys?: LedgerKeys;
  /** The keys in `vkeys` were taken from the file that is checked. Default false. */
  readonly selfAttested?: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Fail without an independent checkpoint, and for entries older than 15 minutes that none covers. Default false. */
  readonly requireWitness?: boolean;
  /** Fail for every warning. Default false. */
  readonly strict?: boolean;
  /** Check only what came after a checkpoint. Default: everything. */
  readonly since?: StartingPoint;
  /** Called with pseudonym and tenant of each detachable part that opens. */
  readonly onPart?: (seq: number, part: number, labels: Pick<PartLabels, "sub" | "tenant">) => void;
}

export interface VerifyReport {
  /** `not proven`: nothing is wrong, but what was asked for by `requireWitness` or `strict` is not there. */
  readonly verdict: "intact" | "not proven" | "tampered";
  /** Evidence an independent party holds covers at least part of the log: what it covers is evident against anyone. */
  readonly grade: "tamper-evident" | "tamper-detecting";
  readonly origin: string | null;
  /** Only what came after a checkpoint was checked. */
  readonly partial: boolean;
  readonly entries: number;
  /** Largest size with a signed root that the entries give. */
  readonly signedTo: number;
  /** For each witness the largest such size it vouches for; `time` in ISO 8601, where it signed a time that can be written so. */
  readonly witnessed: readonly { readonly name: string; readonly size: number; readonly time: string | null }[];
  /** Parts that are gone and named by an erasure. */
  readonly erased: number;
  /** Parts that are gone by retention. */
  readonly expired: number;
  /** Which entry declares which slots gone, with the number of parts that it explains. */
  readonly erasures: readonly { readonly manifest: number; readonly parts: number; readonly gone: SlotList }[];
  /** Lowest sequence number with evidence of tampering; of a range known only as a whole, its first. */
  readonly firstBad: number | null;
  /** Evidence of tampering, the lowest sequence number first. */
  readonly findings: readonly FindingGroup[];
  /** What is not proven. */
  readonly warnings: readonly FindingGroup[];
}

/** Checks a log as its rows stream by; memory grows with ranges, not with rows. */
export interface Verifier {
  /**
   * First all entries of class 8, ascending: they say what is gone.
   * @param previousSeal of the row before; undefined where that is missing
   */
  manifest(row: LedgerRow, previousSeal: Uint8Array | undefined): void;
  /** Then all rows, ascending. */
  row(row: LedgerRow): void;
  /** A part whose entry does not exist. */
  orphan(seq: number, part: number): void;
  /** What is wrong with the file rather than with the rows. */
  add(code: FindingCode, finding: Finding, count?: number): void;
  /** The report. The verifier is used up. */
  finish(): VerifyReport;
}

/**
 * A verifier of one log: feed it the entries of class 8, then all rows, then ask for the report.
 * @throws {LedgerError} from `row` or `finish` where `since` cannot be relied on: `UNTRUSTED_NOTE`, `BAD_NOTE`, `BAD_FRONTIER`; where
 * rows do not come in ascending order: `BAD_SIZE`
 */
export function createVerifier(options: VerifierOptions): Verifier {
  return new StreamingVerifier(options);
}

const MINUTE_MS = 60_000;
const SKEW_MS = 120_000;
const UNWITNESSED_FOR_MS = 15 * MINUTE_MS;
const LAST_ISO_MS = Date.UTC(9999, 11, 31);
const NO_SEAL = new Uint8Array(SEAL_LENGTH);

class StreamingVerifier implements Verifier {
  readonly #options: VerifierOptions;
  readonly #findings = new FindingList();
  readonly #notes: TrustedCheckpoints;
  readonly #statements: Statement[] = [];
  /** All entries of class 8, as slots of their heads. */
  readonly #ledgerHeads = new SlotSet();
  /** Where the newest retention entry of each class is among them. */
  readonly #retentions = new Map<number, number>();

  // Known once the entries of class 8 have been read.
  #started = false;
  #absences!: DeclaredAbsences;
  #times!: WitnessTimes;
  /** Checkpoints to be compared with this tree, by size; the next one is at `#next`. */
  #due: readonly TrustedCheckpoint[] = [];
  #next = 0;
  /** First row of each epoch of seals and its key, where that is at hand; the current one is at `#epoch`. */
  #epochs: readonly SealEpoch[] = [];
  #epoch = 0;
  #incidents: { readonly seq: number; readonly rows: SlotSet; readonly found: SlotSet }[] = [];
  /** Watermarks that retention raised, ascending, and the latest time that survives below each. */
  #marks: number[] = [];
  readonly #survivors = new Map<number, string>();

  #frontier = Frontier.empty();
  #position = 0;
  #previousSeal: Uint8Array = NO_SEAL;
  #gap = false;
  #matched = 0;
  readonly #held: TrustedCheckpoint[] = [];
  #unsealed = 0;
  #latestTime = "";
  /** Largest size of an independent checkpoint, and the time of the first entry above it. */
  #witnessedTo = 0;
  #unwitnessedSince: string | undefined;
  #firstExact = Number.POSITIVE_INFINITY;
  #lastBreak = -1;
  #firstRange = Number.POSITIVE_INFINITY;
  #skewLow = "";
  #skewHigh = "";
  #skewUntil = -1;

  constructor(options: VerifierOptions) {
    this.#options = options;
    const { notes, vkeys, witnesses = [], keys, since } = options;
    const trust = { vkeys: vkeys ?? [], witnesses, keys: vkeys === undefined ? keys : undefined };
    this.#notes = new TrustedCheckpoints(since === undefined ? notes : [...notes, { note: since.note, source: "stored" }], trust);
  }

  manifest(row: LedgerRow, previousSeal: Uint8Array | undefined): void {
    if (this.#started) throw new LedgerError("BAD_SIZE", "Entries of class 8 come before the rows.");
    const count = partCount(row.entry);
    if (count === 0 || row.entry[4] !== CLASS.ledger) return;
    this.#ledgerHeads.add(0, row.seq);
    if (row.head === null) return;
    const parts = presentParts(row);
    // The pass over the rows reports what does not open; here it only must not be believed.
    if (parts.some(({ part, salt, data }) => salt === null || data === null || part >= count || !opens(row.entry, part, salt, data)))
      return;
    const [head = "", ...detachable] = parts.map(({ data }) => textOf(data!));
    try {
      const manifest = readManifest({ seq: row.seq, head, parts: detachable });
      const { ts, late } = JSON.parse(head) as { ts?: unknown; late?: unknown };
      this.#state({
        seq: row.seq,
        manifest,
        time: String(late ?? ts ?? ""),
        listPart: count - 1,
        sealed:
          previousSeal !== undefined && this.#sealHolds(row, previousSeal, sealKeyAt(this.#options.keys ?? NO_KEYS, row.seq)) === true,
      });
    } catch (cause) {
      if (!isLedgerError(cause)) throw cause;
      this.#error("BAD_MANIFEST", row.seq, { text: cause.hint });
    }
  }

  row(row: LedgerRow): void {
    this.#start();
    const { seq, entry } = row;
    if (seq < this.#position) throw new LedgerError("BAD_SIZE", `Row ${seq} comes after row ${this.#position - 1}.`);
    if (seq > this.#position) this.#missing(this.#position, seq - 1);
    const count = partCount(entry);
    if (count === 0) this.#break("BAD_ENTRY", seq, `entry ${seq} is malformed`);
    const leaf = leafHash(entry);
    this.#checkSeal(row, leaf);
    if (count > 0) this.#checkParts(row, count);
    this.#previousSeal = row.seal;
    this.#position = seq + 1;
    if (this.#gap) return;
    this.#frontier.push(leaf);
    if (this.#due[this.#next]?.size === this.#position) this.#compareRoots();
  }

  orphan(seq: number, part: number): void {
    this.#error("ORPHAN", seq, { part, text: `part ${part} belongs to entry ${seq}, which does not exist` });
  }

  add(code: FindingCode, finding: Finding, count?: number): void {
    this.#findings.add(code, finding, count);
  }

  finish(): VerifyReport {
    this.#start();
    const { strict = false, requireWitness = false, now, selfAttested = false, keys, since } = this.#options;
    this.#refuseNotes();
    this.#beyondTheEnd();
    this.#withdrawExplanations();
    this.#checkWatermarks();
    const independent = this.#held.filter(isIndependent);
    const independentTo = independent.at(-1)?.size ?? 0;
    const tail = this.#position - this.#matched;
    if (tail > 0) this.#findings.add("UNANCHORED_TAIL", { seq: this.#matched, text: `${tail} entries after size ${this.#matched}` }, tail);
    if (independent.length === 0) this.#findings.add("UNWITNESSED", { text: "no independent checkpoint was given" });
    if (this.#unsealed > 0) {
      const why = keys?.seal === undefined ? "no seal key was given" : "an earlier seal key was not given";
      this.#findings.add("NO_SEAL_KEY", { text: `${why}: ${this.#unsealed} seals were not checked` }, this.#unsealed);
    }
    if (selfAttested) this.#findings.add("SELF_ATTESTED", { text: "give the public key with --vkey or --policy" });

    const tooOld = this.#unwitnessedSince !== undefined && now - Date.parse(this.#unwitnessedSince) > UNWITNESSED_FOR_MS;
    const unwitnessed = requireWitness && (independent.length === 0 || tooOld);
    if (unwitnessed && independent.length > 0) {
      this.#findings.add("UNWITNESSED", {
        seq: independentTo,
        text: `entries from #${independentTo} on are older than 15 minutes and not witnessed`,
      });
    }
    const tampered = this.#findings.hasLevel("error");
    const explained = (kind: Explanation["kind"]) =>
      this.#absences.explanations.filter((one) => one.kind === kind && this.#counts(one)).reduce((sum, { count }) => sum + count, 0);
    const firstBad = Math.min(this.#firstExact, this.#firstRange);
    return {
      verdict: tampered ? "tampered" : unwitnessed || (strict && this.#findings.hasLevel("warning")) ? "not proven" : "intact",
      grade: independent.length > 0 ? "tamper-evident" : "tamper-detecting",
      origin: this.#held.at(-1)?.origin ?? this.#notes.accepted.at(-1)?.origin ?? null,
      partial: since !== undefined,
      entries: this.#position,
      signedTo: this.#matched,
      witnessed: witnesses(independent),
      erased: explained("erasure"),
      expired: explained("retention"),
      erasures: this.#absences.erasures
        .filter(({ explanation }) => explanation.count > 0 && this.#counts(explanation))
        .map(({ explanation, gone }) => ({ manifest: explanation.seq, parts: explanation.count, gone: gone.toJson() })),
      firstBad: Number.isFinite(firstBad) ? firstBad : null,
      findings: this.#findings.groups("error"),
      warnings: this.#findings.groups("warning", "notice"),
    };
  }

  #state(statement: Statement): void {
    const { manifest, sealed, seq } = statement;
    if (manifest.action === "ledger.retention" && (sealed || seq < this.#notes.reach)) {
      // Only the newest list of exemptions of a class counts: older ones need not be kept.
      const at = this.#retentions.get(manifest.class);
      const earlier = at === undefined ? undefined : this.#statements[at]!;
      if (earlier?.manifest.action === "ledger.retention")
        this.#statements[at!] = { ...earlier, manifest: { ...earlier.manifest, keep: new SlotSet() } };
      this.#retentions.set(manifest.class, this.#statements.length);
    }
    if (manifest.action !== "ledger.proven") this.#statements.push(statement);
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#notes.learn(this.#learnedKeys());
    const accepted = this.#notes.accepted;
    const ends = this.#generationEnds(accepted);
    const ofThisTree = accepted.filter(({ origin, size }) => size <= (ends.get(origin)?.seq ?? Number.POSITIVE_INFINITY));
    const reach = ofThisTree.at(-1)?.size ?? 0;
    const counts = ({ seq, sealed }: { readonly seq: number; readonly sealed: boolean }) => sealed || seq < reach;

    this.#absences = new DeclaredAbsences(this.#statements, this.#ledgerHeads, counts, (seq, text) =>
      this.#error("BAD_MANIFEST", seq, { text }),
    );
    this.#marks = [...new Set(this.#absences.raised.map(({ below }) => below))].sort((a, b) => a - b);
    this.#times = new WitnessTimes(ofThisTree);
    for (const { seq, manifest } of this.#statements) {
      if (manifest.action === "ledger.incident" && seq < reach) this.#incidents.push({ seq, rows: manifest.rows, found: new SlotSet() });
    }
    this.#epochs = sealEpochs(this.#statements.filter(counts), this.#options.keys ?? NO_KEYS);
    for (const checkpoint of accepted) {
      const end = ends.get(checkpoint.origin);
      if (end !== undefined && checkpoint.size > end.seq) this.#lostGeneration(checkpoint, end);
    }
    this.#findForks(accepted);

    const { since } = this.#options;
    this.#due = ofThisTree.filter(({ size }) => size >= (since?.size ?? 0));
    this.#witnessedTo = ofThisTree.findLast(isIndependent)?.size ?? 0;
    if (since !== undefined) this.#startAt(since);
    while (this.#due[this.#next]?.size === this.#position) this.#compareRoots();
  }

  #startAt({ size, frontier, seal }: StartingPoint): void {
    this.#frontier = Frontier.fromBytes(frontier, size);
    this.#position = size;
    this.#matched = size;
    this.#previousSeal = seal;
    const root = this.#frontier.root().toString("hex");
    if (!this.#due.some((checkpoint) => checkpoint.size === size && checkpoint.root === root)) {
      throw new LedgerError("UNTRUSTED_NOTE", `The checkpoint of size ${size} cannot be relied on; verify from the beginning.`);
    }
  }

  #learnedKeys(): LearnedKey[] {
    const learned: LearnedKey[] = [];
    let upTo = Number.POSITIVE_INFINITY;
    for (const { seq, manifest } of this.#statements.toReversed()) {
      const named =
        manifest.action === "ledger.continues"
          ? { vkey: manifest.from.vkey, upTo: Number.POSITIVE_INFINITY }
          : (manifest.action === "ledger.key" && "vkey" in manifest) || manifest.action === "ledger.created"
            ? { vkey: manifest.vkey, upTo }
            : undefined;
      if (named === undefined) continue;
      try {
        learned.push({ seq, vkey: parseVkey(named.vkey), upTo: named.upTo });
      } catch (cause) {
        if (!isLedgerError(cause)) throw cause;
        this.#error("BAD_MANIFEST", seq, { text: `entry ${seq} names an unreadable key: ${cause.hint}` });
      }
      // A key says nothing about what came after another had taken over.
      if (manifest.action === "ledger.key") upTo = seq + 1;
    }
    return learned;
  }

  /** Where the tree of each earlier generation ends, and how large its newest known checkpoint was. */
  #generationEnds(accepted: readonly TrustedCheckpoint[]): Map<string, { seq: number; size: number }> {
    const ends = new Map<string, { seq: number; size: number }>();
    for (const { seq, manifest, sealed } of this.#statements) {
      if (manifest.action !== "ledger.continues") continue;
      const { origin, size } = manifest.from;
      if (sealed || accepted.some((checkpoint) => checkpoint.origin !== origin && checkpoint.size > seq)) ends.set(origin, { seq, size });
    }
    return ends;
  }

  #lostGeneration({ origin, size, name }: TrustedCheckpoint, end: { seq: number; size: number }): void {
    if (size <= end.size)
      this.#findings.add("DECLARED_LOSS", { seq: end.seq, text: `${origin} had ${size} entries; entry ${end.seq} declares what is lost` });
    else
      this.#error("TRUNCATED", undefined, { text: `${name} saw ${size} entries of ${origin}, more than entry ${end.seq} declares lost` });
  }

  #findForks(accepted: readonly TrustedCheckpoint[]): void {
    const seen = new Set<string>();
    for (const { origin, size } of accepted) {
      const key = `${origin} ${size}`;
      if (seen.has(key)) this.#error("FORK", undefined, { text: `two checkpoints of ${origin} of size ${size} have different roots` });
      seen.add(key);
    }
  }

  #missing(from: number, to: number): void {
    const text = from === to ? `entry ${from} is missing` : `entries ${from} to ${to} are missing`;
    this.#break("MISSING_ENTRY", from, text, to - from + 1);
    this.#gap = true;
  }

  #checkSeal(row: LedgerRow, leaf: Uint8Array): void {
    const { seq } = row;
    while (this.#epoch + 1 < this.#epochs.length && this.#epochs[this.#epoch + 1]!.from <= seq) this.#epoch++;
    const holds = this.#sealHolds(row, this.#previousSeal, this.#epochs[this.#epoch]?.key, leaf);
    if (holds === undefined) this.#unsealed++;
    if (holds !== false) return;
    const incident = this.#incidents.find(({ rows }) => rows.has(0, seq));
    if (incident === undefined) this.#break("BAD_SEAL", seq, `row ${seq} was not written with the seal key`);
    else incident.found.add(0, seq);
  }

  /** Undefined without the key. */
  #sealHolds(
    row: LedgerRow,
    previous: Uint8Array,
    key: KeyObject | undefined,
    leaf: Uint8Array = leafHash(row.entry),
  ): boolean | undefined {
    if (key === undefined) return undefined;
    return previous.length === SEAL_LENGTH && sealNext(key, row.seq, previous, leaf).equals(row.seal);
  }

  #checkParts(row: LedgerRow, count: number): void {
    const { seq, entry, head, salt0, person, salt1, others } = row;
    const entryClass = entry[4]!;
    const time = head === null && salt0 === null ? undefined : this.#checkHead(row);
    if (head === null && salt0 === null) this.#absent(entryClass, 0, seq);
    else this.#present(entryClass, 0, seq);

    const inRow = person !== null || salt1 !== null || (row.box ?? null) !== null;
    if (others.length === 0) {
      // By far the most rows: one person, or none.
      if (inRow) this.#checkPart(row, count, 1, salt1, person);
      for (let part = 1; part < count; part++) {
        if (part === 1 && inRow) this.#present(entryClass, 1, seq);
        else this.#absent(entryClass, part, seq);
      }
    } else {
      const filled = new Set<number>();
      if (inRow) {
        filled.add(1);
        this.#checkPart(row, count, 1, salt1, person);
      }
      for (const { part, salt, data } of others) {
        if (filled.has(part)) this.#error("ORPHAN", seq, { part, text: `part ${part} of entry ${seq} is there twice` });
        filled.add(part);
        this.#checkPart(row, count, part, salt, data);
      }
      for (let part = 1; part < count; part++) {
        if (filled.has(part)) this.#present(entryClass, part, seq);
        else this.#absent(entryClass, part, seq);
      }
    }
    this.#keepTime(seq, time);
  }

  /** `late` or else `ts` of a head that opens. */
  #checkHead({ seq, entry, salt0, head }: LedgerRow): { readonly time: string; readonly late: boolean } | undefined {
    if (salt0 === null || head === null || !opens(entry, 0, salt0, head)) {
      this.#error("ALTERED", seq, { part: 0, text: `the head of entry ${seq} was changed` });
      return undefined;
    }
    const { ts, late } = this.#read(seq, 0, head);
    const time = late ?? ts;
    return time?.length === 24 ? { time, late: late !== undefined } : undefined;
  }

  #checkPart({ seq, entry }: LedgerRow, count: number, part: number, salt: Uint8Array | null, data: Uint8Array | null): void {
    if (part < 1 || part >= count) this.#error("ORPHAN", seq, { part, text: `entry ${seq} has no part ${part}` });
    else if (salt === null && data === null)
      this.#findings.add("SEALED_PART", { seq, part, text: `part ${part} of entry ${seq} is encrypted` });
    else if (salt === null || data === null || !opens(entry, part, salt, data)) {
      this.#error("ALTERED", seq, { part, text: `part ${part} of entry ${seq} was changed` });
    } else {
      const labels = this.#read(seq, part, data);
      this.#options.onPart?.(seq, part, labels);
    }
  }

  /** Labels of a part that opens; without any where it is not canonical, because then two readers may see two different things. */
  #read(seq: number, part: number, data: Uint8Array): PartLabels {
    const labels = scanCanonical(data);
    if (labels === undefined) this.#findings.add("NONCANONICAL", { seq, part, text: `part ${part} of entry ${seq} is not canonical JSON` });
    return labels ?? {};
  }

  #absent(entryClass: number, part: number, seq: number): void {
    const explanation = this.#absences.explain(entryClass, part, seq);
    if (explanation === undefined) {
      this.#firstExact = Math.min(this.#firstExact, seq);
      this.#unexplained(seq, part, this.#absences.unprovenBy(part, seq));
      return;
    }
    explanation.count++;
    if (explanation.first.length < 10) explanation.first.push({ seq, part });
  }

  #present(entryClass: number, part: number, seq: number): void {
    const explanation = this.#absences.explain(entryClass, part, seq);
    if (explanation !== undefined) {
      this.#error("RESURRECTED", seq, {
        part,
        text: `part ${part} of entry ${seq} is there, but gone according to entry ${explanation.seq}`,
      });
    }
  }

  #unexplained(seq: number, part: number, unproven: number | undefined, count = 1): void {
    const named = unproven === undefined ? "" : `; it is named by entry ${unproven}, which is not proven`;
    const text = `${part === 0 ? "the head" : `part ${part}`} of entry ${seq} is gone${named}`;
    this.#findings.add("UNEXPLAINED_LOSS", { seq, part, text }, count);
  }

  #keepTime(seq: number, stamp: { readonly time: string; readonly late: boolean } | undefined): void {
    while (this.#marks.length > 0 && this.#marks[0]! <= seq) this.#survivors.set(this.#marks.shift()!, this.#latestTime);
    if (stamp === undefined) return;
    const { time, late } = stamp;
    if (time >= this.#latestTime) this.#latestTime = time;
    else if (!late && Date.parse(this.#latestTime) - Date.parse(time) > MINUTE_MS) {
      this.#findings.add("TIME_BACKWARD", { seq, text: `entry ${seq} is of ${time}, after one of ${this.#latestTime}` });
    }
    if (!this.#times.empty) this.#checkSkew(seq, time);
    if (this.#unwitnessedSince === undefined && seq >= this.#witnessedTo) this.#unwitnessedSince = time;
  }

  #checkSkew(seq: number, time: string): void {
    // Bounds change only where a checkpoint ends; ISO times compare as text.
    if (seq > this.#skewUntil) {
      const { low, high } = this.#times.bounds(seq);
      this.#skewLow = comparable(low - SKEW_MS);
      this.#skewHigh = comparable(high + SKEW_MS);
      this.#skewUntil = (this.#due.find(({ size }) => size > seq)?.size ?? Number.POSITIVE_INFINITY) - 1;
    }
    if (time < this.#skewLow || time > this.#skewHigh) {
      this.#error("TIME_SKEW", seq, { text: `entry ${seq} claims ${time}, which witnesses rule out` });
    }
  }

  #compareRoots(): void {
    const root = this.#frontier.root().toString("hex");
    const before = this.#matched;
    for (; this.#due[this.#next]?.size === this.#position; this.#next++) {
      const checkpoint = this.#due[this.#next]!;
      if (checkpoint.root === root) {
        this.#matched = checkpoint.size;
        this.#held.push(checkpoint);
      } else this.#mismatch(checkpoint, before);
    }
  }

  #mismatch({ size, name }: TrustedCheckpoint, from: number): void {
    this.#findings.add("ROOT_MISMATCH", {
      seq: from,
      text: `between entry ${from} and entry ${Math.max(0, size - 1)}, by the checkpoint of size ${size} (${name})`,
    });
    // A row whose seal is broken says exactly where.
    if (this.#lastBreak < from) this.#firstRange = Math.min(this.#firstRange, from);
  }

  #refuseNotes(): void {
    for (const { given, reason } of this.#notes.refused) {
      const size = given.size === undefined ? "" : ` of size ${given.size}`;
      this.#findings.add("BAD_CHECKPOINT", { text: `a checkpoint${size} (${given.name ?? given.source}) is refused: ${reason}` });
    }
    if (this.#notes.accepted.length === 0) this.#findings.add("NO_CHECKPOINT", { text: "there is no valid checkpoint from any source" });
  }

  #beyondTheEnd(): void {
    for (const { size, name, origin } of this.#due) {
      if (size > this.#position)
        this.#error("TRUNCATED", this.#position, { text: `${name} saw ${size} entries of ${origin}, the file has ${this.#position}` });
    }
  }

  /**
   * An entry above the largest root that matched has excused nothing after all, unless its seal holds. What it named is not where the
   * evidence begins: that is wherever the roots stopped to match.
   */
  #withdrawExplanations(): void {
    for (const explanation of this.#absences.explanations) {
      const { count, first, seq } = explanation;
      if (count === 0 || this.#counts(explanation)) continue;
      if (explanation.kind === "retention" && this.#absences.alsoCovered(explanation, (other) => this.#counts(other))) continue;
      for (const slot of first) this.#unexplained(slot.seq, slot.part, seq);
      if (count > first.length) this.#unexplained(first[0]!.seq, first[0]!.part, seq, count - first.length);
    }
    for (const { seq, found } of this.#incidents) {
      for (const [from, to] of found.ranges(0)) {
        const rows = from === to ? `row ${from}` : `rows ${from} to ${to}`;
        if (seq < this.#matched)
          this.#findings.add("INCIDENT", { seq: from, text: `${rows} forged, as entry ${seq} declares` }, to - from + 1);
        else this.#break("BAD_SEAL", from, `${rows} not written with the seal key`, to - from + 1);
      }
    }
  }

  #checkWatermarks(): void {
    for (const mark of this.#marks) this.#survivors.set(mark, this.#latestTime);
    const start = this.#options.since?.size ?? 0;
    const raised = this.#absences.raised.filter(({ statement }) => statement.seq >= start);
    const expiries = expiryFindings(raised, {
      policies: this.#statements.filter((statement) => this.#counts(statement)),
      times: this.#times,
      survivor: (below) => this.#survivors.get(below) ?? "",
    });
    for (const { code, seq, text } of expiries) {
      if (code === "EARLY_EXPIRY") this.#error(code, seq, { text });
      else this.#findings.add(code, { seq, text });
    }
  }

  #counts({ seq, sealed }: { readonly seq: number; readonly sealed: boolean }): boolean {
    return sealed || seq < this.#matched;
  }

  /** Something about the entry itself: where roots differ, this is why. */
  #break(code: FindingCode, seq: number, text: string, count = 1): void {
    this.#lastBreak = Math.max(this.#lastBreak, seq);
    this.#error(code, seq, { text }, count);
  }

  #error(code: FindingCode, seq: number | undefined, finding: Omit<Finding, "seq">, count = 1): void {
    if (seq !== undefined) this.#firstExact = Math.min(this.#firstExact, seq);
    this.#findings.add(code, seq === undefined ? finding : { seq, ...finding }, count);
  }
}

interface SealEpoch {
  readonly from: number;
  readonly key: KeyObject | undefined;
}

/** Seals change hands after a `ledger.key` entry, and with the entry that goes on without the lost keys. */
function sealEpochs(statements: readonly Statement[], { seal, retired }: Pick<LedgerKeys, "seal" | "retired">): SealEpoch[] {
  const ends = new Set(retired.map(({ untilSeq }) => untilSeq));
  for (const { seq, manifest } of statements) {
    if (manifest.action === "ledger.continues" && manifest.reason === "key_lost") ends.add(seq - 1);
    if (manifest.action === "ledger.key" && "vkey" in manifest) ends.add(seq);
  }
  const epochs: SealEpoch[] = [];
  let from = 0;
  for (const end of [...ends].sort((a, b) => a - b)) {
    epochs.push({ from, key: retired.find(({ untilSeq }) => untilSeq === end)?.seal });
    from = end + 1;
  }
  return [...epochs, { from, key: seal }];
}

const NO_KEYS: Pick<LedgerKeys, "seal" | "retired"> = { retired: [] };

/** A time as text that sorts before, among or after ISO times of four-digit years. */
function comparable(ms: number): string {
  if (ms < 0) return "";
  return ms <= LAST_ISO_MS ? new Date(ms).toISOString() : "~";
}

function presentParts({ salt0, head, salt1, person, others }: LedgerRow) {
  return [
    { part: 0, salt: salt0, data: head },
    ...(salt1 === null && person === null ? [] : [{ part: 1, salt: salt1, data: person }]),
    ...others,
  ];
}

function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString("utf8");
}

/** For each party the largest checkpoint it vouches for. */
function witnesses(held: readonly TrustedCheckpoint[]): VerifyReport["witnessed"] {
  const newest = new Map<string, { name: string; size: number; time: string | null }>();
  for (const { size, cosigned, witnessed } of held) {
    for (const name of witnessed) newest.set(name, { name, size, time: null });
    for (const { name, time } of cosigned)
      newest.set(name, { name, size, time: time * 1000 <= LAST_ISO_MS ? new Date(time * 1000).toISOString() : null });
  }
  return [...newest.values()].sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1));
}

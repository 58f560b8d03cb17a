import { createHash, type KeyObject } from "node:crypto";
import {
  addCosignatures,
  type ClassPolicy,
  cosign,
  createdEntry,
  createVerifier,
  DEFAULT_POLICY,
  deriveKeys,
  type EntryRow,
  type ErasureBasis,
  erasureEntry,
  Frontier,
  formatCheckpoint,
  formatKeys,
  type GivenNote,
  KEY_TYPE,
  type LedgerEntryOptions,
  type LedgerEvent,
  type LedgerKeys,
  makeVkey,
  newKeys,
  type PreparedEntry,
  parseKeys,
  partCount,
  prepareEntry,
  type Random,
  retentionEntry,
  type SlotSet,
  type SplitEntry,
  type SplitOptions,
  sealNext,
  signNote,
  splitEvent,
  type VerifierOptions,
  type VerifyReport,
  vkeyOf,
} from "../../src/index.ts";

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** A row that can be tampered with. */
export type Row = Mutable<Omit<EntryRow, "others">> & { others: Mutable<EntryRow["others"][number]>[] };

export const DAY_MS = 86_400_000;
/** A witness, and the trusted keys that a verifier needs for it. */
export const WITNESS_NAME = "witness.example/w1";
export const WITNESS_KEY = deriveKeys(Buffer.alloc(32, 0x57)).sign;
export const witnesses = [makeVkey(WITNESS_NAME, WITNESS_KEY, KEY_TYPE.cosignature)];

const START = Date.parse("2026-01-01T00:00:00.000Z");

/** Random bytes that are the same in every run. */
export function seededRandom(seed: string): Random {
  let count = 0;
  return (length) => {
    const blocks: Buffer[] = [];
    for (let have = 0; have < length; have += 32) blocks.push(createHash("sha256").update(`${seed} ${count++}`).digest());
    return Buffer.concat(blocks).subarray(0, length);
  };
}

export interface MemoryLogOptions {
  readonly name?: string;
  readonly seed?: string;
  /** Without it the log has no entry 0 of its own. Default: the standing policy. */
  readonly policy?: Readonly<Record<string, ClassPolicy>> | null;
}

/** A log in memory, as a store keeps it. Its clock moves only with `append` or by hand. */
export class MemoryLog {
  readonly random: Random;
  keys: LedgerKeys;
  generation = 1;
  rows: Row[] = [];
  notes: GivenNote[] = [];
  nowMs = START;
  #ids = 0;

  constructor({ name = "example.com/daybook/test", seed = "log", policy = DEFAULT_POLICY }: MemoryLogOptions = {}) {
    this.random = seededRandom(seed);
    this.keys = newKeys(name, this.random);
    if (policy !== null)
      this.add(createdEntry({ origin: this.origin, vkey: vkeyOf(this.keys, 1), kid: "1", policy, ...this.entryOptions() }));
  }

  get origin(): string {
    return `${this.keys.name}/${this.generation}`;
  }

  get time(): string {
    return new Date(this.nowMs).toISOString();
  }

  entryOptions(): LedgerEntryOptions {
    return { time: this.time, random: this.random };
  }

  /** Appends an event one second after the one before; returns its sequence number. */
  append(event: Partial<LedgerEvent> = {}, options: Partial<SplitOptions> = {}): number {
    this.nowMs += 1_000;
    const id = `01a2027b-e238-7333-8333-${String(this.#ids++).padStart(12, "0")}`;
    const whole = { id, time: this.time, type: "access_control", action: "book.read", severity: "info", outcome: "success", ...event };
    return this.add(splitEvent(whole, { keys: this.keys, ...options }));
  }

  add(split: SplitEntry): number {
    return this.push(prepareEntry(split, this.random));
  }

  push({ entry, leaf, parts }: PreparedEntry): number {
    const seq = this.rows.length;
    const bytes = parts.map(({ salt, text }) => ({ salt, data: Buffer.from(text) }));
    const inRow = parts[1]?.role === "actor" || parts[1]?.role === "context";
    this.rows.push({
      seq,
      entry,
      seal: this.sealOf(seq, leaf),
      salt0: bytes[0]!.salt,
      head: bytes[0]!.data,
      salt1: inRow ? bytes[1]!.salt : null,
      person: inRow ? bytes[1]!.data : null,
      others: bytes.slice(inRow ? 2 : 1).map((part, i) => ({ part: i + (inRow ? 2 : 1), ...part })),
    });
    return seq;
  }

  sealOf(seq: number, leaf: Uint8Array): Uint8Array {
    return sealNext(this.keys.seal!, seq, this.rows[seq - 1]?.seal ?? new Uint8Array(16), leaf);
  }

  /** Signs the first `size` rows. */
  checkpoint(size = this.rows.length): GivenNote {
    const note: GivenNote = { note: this.sign(size), source: "stored", size };
    this.notes.push(note);
    return note;
  }

  sign(size = this.rows.length, rows: readonly Row[] = this.rows): string {
    const frontier = frontierOf(rows.slice(0, size));
    return signNote(formatCheckpoint(this.origin, size, frontier.root()), [{ name: this.origin, key: this.keys.sign! }]);
  }

  erase(gone: SlotSet, basis: readonly ErasureBasis[] = ["request"]): number {
    const seq = this.add(erasureEntry({ gone, basis, ...this.entryOptions() }));
    this.blank(gone);
    return seq;
  }

  expire(entryClass: number, persons: number, heads: number, keep?: SlotSet): number {
    const seq = this.add(
      retentionEntry({ class: entryClass, persons, heads, ...(keep === undefined ? {} : { keep }), ...this.entryOptions() }),
    );
    for (const row of this.rows.slice(0, persons)) {
      if (row.entry[4] !== entryClass) continue;
      for (let part = row.seq < heads ? 0 : 1; part < partCount(row.entry); part++) if (!keep?.has(part, row.seq)) blank(row, part);
    }
    return seq;
  }

  blank(gone: SlotSet): void {
    for (const part of gone.parts())
      for (const [from, to] of gone.ranges(part)) for (let seq = from; seq <= to; seq++) blank(this.rows[seq]!, part);
  }

  /** Signs the first `size` rows and adds a witness's cosignature, at the time of the log's clock by default. */
  cosignedCheckpoint(size = this.rows.length, witness: KeyObject = WITNESS_KEY, time = Math.floor(this.nowMs / 1000)): GivenNote {
    const note = this.sign(size);
    const line = cosign(note, { name: WITNESS_NAME, key: witness, time });
    const given: GivenNote = { note: addCosignatures(note, [line]), source: "stored", size };
    this.notes.push(given);
    return given;
  }

  /** Reloads keys from their file and rows as bytes, like a new process. */
  restart(): void {
    this.keys = parseKeys(formatKeys(this.keys));
    this.rows = this.rows.map(copyRow);
  }

  /** An independent copy to tamper with. */
  copy(): MemoryLog {
    const copy = Object.create(MemoryLog.prototype) as MemoryLog;
    Object.assign(copy, this);
    copy.rows = this.rows.map(copyRow);
    copy.notes = [...this.notes];
    return copy;
  }

  /** Verifies with the public key only, like a reader of a copied file. Other options replace the defaults. */
  verify(options: Partial<VerifierOptions> = {}): VerifyReport {
    return verifyRows(this.rows, { notes: this.notes, keys: publicOnly(this.keys), now: this.nowMs, ...options });
  }

  /** Verifies with the seal key too. */
  verifySealed(options: Partial<VerifierOptions> = {}): VerifyReport {
    return this.verify({ keys: this.keys, ...options });
  }
}

export function frontierOf(rows: readonly Row[]): Frontier {
  const frontier = Frontier.empty();
  for (const { entry } of rows) frontier.push(createHash("sha256").update(Uint8Array.of(0)).update(entry).digest());
  return frontier;
}

/** Makes a slot empty, as a store does. */
export function blank(row: Row, part: number): void {
  if (part === 0) row.head = row.salt0 = null;
  else if (part === 1 && row.person !== null) row.person = row.salt1 = null;
  else row.others = row.others.filter((other) => other.part !== part);
}

export const copyRow = (row: Row): Row => ({ ...row, others: row.others.map((other) => ({ ...other })) });

export function publicOnly({ name, public: key }: LedgerKeys): LedgerKeys {
  return { name, public: key!, sub: [], retired: [] };
}

/** Feeds a verifier as a store does. */
export function verifyRows(
  rows: readonly EntryRow[],
  options: VerifierOptions,
  orphans: readonly { readonly seq: number; readonly part: number }[] = [],
): VerifyReport {
  const verifier = createVerifier(options);
  const bySeq = new Map(rows.map((row) => [row.seq, row]));
  for (const row of rows) if (row.entry[4] === 8) verifier.manifest(row, row.seq === 0 ? new Uint8Array(16) : bySeq.get(row.seq - 1)?.seal);
  for (const row of rows) if (row.seq >= (options.since?.size ?? 0)) verifier.row(row);
  for (const { seq, part } of orphans) verifier.orphan(seq, part);
  return verifier.finish();
}

/** Codes of a report, errors and warnings apart. */
export const codes = ({ findings, warnings }: VerifyReport) => ({
  errors: findings.map(({ code }) => code).sort(),
  warnings: warnings.map(({ code }) => code).sort(),
});

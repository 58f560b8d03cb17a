import type { KeyObject } from "node:crypto";
import { SEAL_LENGTH, sealNext } from "../entry/seal.ts";
import type { LedgerKeys } from "../keys/keys.ts";
import { leafHash } from "../merkle/merkle.ts";
import type { Statement } from "../removal/declared-absences.ts";
import { SlotSet } from "../removal/slot-set.ts";
import type { EntryRow } from "./entry-row.ts";
import type { Evidence } from "./verify-report.ts";

/** The keys that seals are checked with. */
export type SealKeys = Pick<LedgerKeys, "seal" | "retired">;

const NO_SEAL = new Uint8Array(SEAL_LENGTH);

/** Rows that share one seal key, from sequence number `from` on; `key` is undefined if it was not given. */
interface SealEpoch {
  readonly from: number;
  readonly key: KeyObject | undefined;
}

/** An entry that declares rows forged, and which of them do have bad seals. */
interface Incident {
  readonly seq: number;
  readonly declared: SlotSet;
  readonly found: SlotSet;
}

/** Checks the chain of seals, row by row. */
export class SealCheck {
  readonly #evidence: Evidence;
  readonly #keys: SealKeys;
  readonly #incidents: readonly Incident[];
  readonly #later: SealEpoch[];
  #epoch: SealEpoch;
  #previous: Uint8Array = NO_SEAL;
  #unchecked = 0;

  /**
   * @param statements those that count
   * @param reach largest size of an accepted checkpoint: only an incident below it excuses a bad seal
   */
  constructor(statements: readonly Statement[], reach: number, keys: SealKeys, evidence: Evidence) {
    this.#evidence = evidence;
    this.#keys = keys;
    this.#incidents = statements.flatMap(({ seq, manifest }) =>
      manifest.action === "ledger.incident" && seq < reach ? [{ seq, declared: manifest.rows, found: new SlotSet() }] : [],
    );
    [this.#epoch, ...this.#later] = sealEpochs(statements, keys);
  }

  /** Starts after a row with this seal. */
  startAfter(seal: Uint8Array): void {
    this.#previous = seal;
  }

  /** Checks the seal of the next row. */
  row(row: EntryRow, leaf: Uint8Array): void {
    const { seq } = row;
    for (let next = this.#later[0]; next !== undefined && next.from <= seq; next = this.#later[0]) {
      this.#epoch = next;
      this.#later.shift();
    }
    const { key } = this.#epoch;
    if (key === undefined) this.#unchecked++;
    else if (!sealHolds(key, row, this.#previous, leaf)) this.#refuse(seq);
    this.#previous = row.seal;
  }

  /**
   * Reports declared incidents and seals that were not checked.
   * @param matched largest size with a signed root that matches: an incident above it excuses nothing
   */
  finish(matched: number): void {
    for (const { seq, found } of this.#incidents) {
      for (const [from, to] of found.ranges(0)) {
        const rows = from === to ? `row ${from}` : `rows ${from} to ${to}`;
        const count = to - from + 1;
        if (seq < matched) this.#evidence.add("INCIDENT", { seq: from, text: `${rows} forged, as entry ${seq} declares` }, count);
        else this.#evidence.broken("BAD_SEAL", from, `${rows} not written with the seal key`, count);
      }
    }
    if (this.#unchecked === 0) return;
    const why = this.#keys.seal === undefined ? "no seal key was given" : "an earlier seal key was not given";
    this.#evidence.add("NO_SEAL_KEY", { text: `${why}: ${this.#unchecked} seals were not checked` }, this.#unchecked);
  }

  #refuse(seq: number): void {
    const incident = this.#incidents.find(({ declared }) => declared.has(0, seq));
    if (incident === undefined) this.#evidence.broken("BAD_SEAL", seq, `row ${seq} was not written with the seal key`);
    else incident.found.add(0, seq);
  }
}

/** True if the seal of a row was made with the key. */
export function sealHolds(key: KeyObject, row: EntryRow, previous: Uint8Array, leaf: Uint8Array = leafHash(row.entry)): boolean {
  return previous.length === SEAL_LENGTH && sealNext(key, row.seq, previous, leaf).equals(row.seal);
}

/** The seal key changes after a `ledger.key` entry, and with an entry that continues the log because the key was lost. */
function sealEpochs(statements: readonly Statement[], { seal, retired }: SealKeys): [SealEpoch, ...SealEpoch[]] {
  const ends = new Set(retired.map(({ untilSeq }) => untilSeq));
  for (const { seq, manifest } of statements) {
    if (manifest.action === "ledger.continues" && manifest.reason === "key_lost") ends.add(seq - 1);
    if (manifest.action === "ledger.key" && "vkey" in manifest) ends.add(seq);
  }
  const ascending = [...ends].sort((a, b) => a - b);
  const keyUntil = (end: number | undefined) => (end === undefined ? seal : retired.find(({ untilSeq }) => untilSeq === end)?.seal);
  const first = { from: 0, key: keyUntil(ascending[0]) };
  return [first, ...ascending.map((end, i) => ({ from: end + 1, key: keyUntil(ascending[i + 1]) }))];
}

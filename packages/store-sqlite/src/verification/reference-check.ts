import { type LedgerKeys, referenceKey, tenantReferences } from "@daybook/ledger";
import { ReferenceChunks } from "../buckets/reference-chunks.ts";
import { BUCKET_ROWS, bucketOf, PARTS } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";

const FIRST_ROOM = 4_096;

/**
 * Recomputes the references of each closed bucket while its parts stream by, and compares them in index order.
 * Without keys only persons are compared, because references of tenants cannot be recognised. If a key epoch was
 * destroyed, a part with a tenant may have one reference that cannot be recomputed.
 *
 * A verification passes a million references through this class, so it uses reusable arrays of numbers. Texts would
 * take more memory and time than the rest of the verification.
 */
export class ReferenceCheck {
  readonly #found: (text: string, seq: number) => void;
  readonly #keys: LedgerKeys | undefined;
  readonly #stored;
  readonly #tenants = new Map<string, readonly bigint[]>();
  #bucket = 0;
  #rows = 0;
  #wanted = new WantedReferences(FIRST_ROOM);
  /** Parts with a tenant whose reference is not found yet; undefined if all key epochs exist. */
  readonly #withTenant: Set<number> | undefined;

  /** @param manifests sequence numbers of all entries of the ledger about itself */
  constructor(db: Sqlite, keys: LedgerKeys | undefined, manifests: readonly number[], found: (text: string, seq: number) => void) {
    this.#found = found;
    this.#keys = keys !== undefined && keys.sub.length > 0 ? keys : undefined;
    if (hasDestroyedEpoch(db, manifests)) this.#withTenant = new Set();
    this.#stored = new ReferenceChunks(db);
  }

  part(seq: number, part: number, value: unknown): void {
    if (part === 0) return;
    const { sub, tenant } = value as { sub?: unknown; tenant?: unknown };
    const slot = (seq % BUCKET_ROWS) * PARTS + part;
    if (typeof sub === "string") this.#wanted.add(referenceKey(sub), slot, true);
    // The epoch of a tenant's reference is unknown, so one of them has to match.
    if (typeof tenant === "string" && this.#keys !== undefined) {
      for (const key of this.#tenantKeys(tenant, this.#keys)) this.#wanted.add(key, slot, false);
      this.#withTenant?.add(slot);
    }
  }

  /** Call it before the parts of a row. */
  row(seq: number): void {
    this.#rows++;
    const bucket = bucketOf(seq);
    if (bucket === this.#bucket) return;
    if (bucket > this.#bucket) this.#compare();
    this.#bucket = bucket;
  }

  finish(): void {
    // Bounded by the rows that were seen: a number in the file never decides how long this takes.
    const complete = Math.floor(this.#rows / BUCKET_ROWS);
    if (this.#bucket < complete) this.#compare();
    for (const bucket of this.#stored.outside(complete)) {
      this.#found(`there are references of bucket ${bucket}, which is not complete`, this.#rows - 1);
    }
  }

  #compare(): void {
    const bucket = this.#bucket++;
    const first = bucket * BUCKET_ROWS;
    const wanted = this.#wanted.sorted();
    let at = 0;
    const missed = (until: (i: number) => boolean) => {
      for (; at < wanted.count && until(at); at++) {
        if (!wanted.required(at)) continue;
        const seq = first + Math.floor(wanted.slot(at) / PARTS);
        this.#found(`part ${wanted.slot(at) % PARTS} of entry ${seq} is in no reference, so that its person is not found there`, seq);
      }
    };
    for (const [high, low, position, part] of this.#stored.ofBucket(bucket)) {
      const slot = position * PARTS + part;
      const seq = first + position;
      missed((i) => wanted.compare(i, high, low, slot) < 0);
      if (at < wanted.count && wanted.compare(at, high, low, slot) === 0) at++;
      else if (this.#keys !== undefined && this.#withTenant?.delete(slot) !== true) {
        this.#found(`a reference points to part ${part} of entry ${seq}, which is missing or about another person`, seq);
      }
    }
    missed(() => true);
    this.#wanted.clear();
    this.#withTenant?.clear();
  }

  #tenantKeys(tenant: string, keys: LedgerKeys): readonly bigint[] {
    let found = this.#tenants.get(tenant);
    if (found === undefined) {
      if (this.#tenants.size >= 10_000) this.#tenants.clear();
      found = tenantReferences(keys, tenant);
      this.#tenants.set(tenant, found);
    }
    return found;
  }
}

/** An entry of the log records each destroyed epoch. */
function hasDestroyedEpoch(db: Sqlite, manifests: readonly number[]): boolean {
  const destroyed = db.prepare<[number]>(
    "SELECT 1 FROM daybook_entry WHERE seq = ? AND json_valid(head) AND head ->> '$.action' = 'ledger.key' AND head ->> '$.ledger.change' = 'destroyed'",
  );
  return manifests.some((seq) => destroyed.get(seq) !== undefined);
}

/** References of one bucket. */
class WantedReferences {
  #high: Uint32Array;
  #low: Uint32Array;
  #slots: Uint32Array;
  #required: Uint8Array;
  #order = new Uint32Array(0);
  count = 0;

  constructor(room: number) {
    this.#high = new Uint32Array(room);
    this.#low = new Uint32Array(room);
    this.#slots = new Uint32Array(room);
    this.#required = new Uint8Array(room);
  }

  add(key: bigint, slot: number, required: boolean): void {
    const i = this.count++;
    if (i === this.#slots.length) this.#grow();
    this.#high[i] = Number(BigInt.asUintN(32, key >> 32n));
    this.#low[i] = Number(BigInt.asUintN(32, key));
    this.#slots[i] = slot;
    this.#required[i] = Number(required);
  }

  /** Sorts into index order. Until `clear`, positions refer to this order. */
  sorted(): this {
    const [high, low, slots] = [this.#high, this.#low, this.#slots];
    this.#order = Uint32Array.from({ length: this.count }, (_, i) => i).sort(
      (a, b) => numberAt(high, a) - numberAt(high, b) || numberAt(low, a) - numberAt(low, b) || numberAt(slots, a) - numberAt(slots, b),
    );
    return this;
  }

  slot(i: number): number {
    return numberAt(this.#slots, numberAt(this.#order, i));
  }

  required(i: number): boolean {
    return this.#required[numberAt(this.#order, i)] === 1;
  }

  /** Negative if the reference at this position sorts before the given one. */
  compare(i: number, high: number, low: number, slot: number): number {
    const at = numberAt(this.#order, i);
    return numberAt(this.#high, at) - high || numberAt(this.#low, at) - low || numberAt(this.#slots, at) - slot;
  }

  clear(): void {
    this.count = 0;
  }

  #grow(): void {
    const larger = <T extends Uint32Array | Uint8Array>(of: T, to: T): T => {
      to.set(of);
      return to;
    };
    const room = 2 * this.#slots.length;
    this.#high = larger(this.#high, new Uint32Array(room));
    this.#low = larger(this.#low, new Uint32Array(room));
    this.#slots = larger(this.#slots, new Uint32Array(room));
    this.#required = larger(this.#required, new Uint8Array(room));
  }
}

/** A number at a position below the length; typed arrays are dense. */
const numberAt = (numbers: Uint32Array, i: number): number => numbers[i] as number;

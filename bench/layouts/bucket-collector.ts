/** Summary and references of the filling bucket, collected while its rows are written. Layouts B and C share it. */
import type { Database } from "better-sqlite3";
import { referenceKey } from "../../packages/ledger/src/index.ts";
import { BUCKET_ROWS, bucketOf, cpuSince, type Slot } from "./layout.ts";

export const BUCKET_SCHEMA: readonly string[] = [
  `CREATE TABLE daybook_bucket (
  bucket INTEGER PRIMARY KEY,
  min_time TEXT NOT NULL,
  max_time TEXT NOT NULL,
  min_id TEXT NOT NULL,
  max_id TEXT NOT NULL,
  counts TEXT NOT NULL,
  positions BLOB NOT NULL
) STRICT`,
  `CREATE TABLE daybook_reference (chunk INTEGER PRIMARY KEY, refs BLOB NOT NULL) STRICT`,
];

const CHUNKS = 128;
/** Key (8), position in the bucket (2), part (1). */
const RECORD = 11;
const FIELDS = ["action", "outcome", "route", "severity", "type"] as const;

/** Values of the summary's fields, in the order of their names. */
export type FieldValues = readonly (string | undefined)[];
export const fieldsOf = (head: object): FieldValues => FIELDS.map((name) => (head as Record<string, string>)[name]);

/** Eight hex digits at a place of a text, as a number. */
function hex32(text: string, at: number): number {
  let value = 0;
  for (let i = at; i < at + 8; i++) {
    const code = text.charCodeAt(i);
    value = (value << 4) | ((code & 15) + (code >> 6) * 9);
  }
  return value >>> 0;
}

/** Ids as 64 of their bits, outside of the JavaScript heap. A hit has to be confirmed. */
class IdSet {
  static readonly #SLOTS = 1 << 16;
  readonly #words = new Uint32Array(2 * IdSet.#SLOTS);

  clear = (): unknown => this.#words.fill(0);
  add = (id: string): void => void this.#find(id, true);
  has = (id: string): boolean => this.#find(id, false);

  #find(id: string, adds: boolean): boolean {
    const words = this.#words;
    const a = hex32(id, 28);
    const b = (hex32(id, 0) ^ hex32(id, 20)) >>> 0 || 1;
    for (let at = a & (IdSet.#SLOTS - 1); ; at = (at + 1) & (IdSet.#SLOTS - 1)) {
      if (words[2 * at + 1] === 0) {
        if (adds) {
          words[2 * at] = a;
          words[2 * at + 1] = b;
        }
        return false;
      }
      if (words[2 * at] === a && words[2 * at + 1] === b) return true;
    }
  }
}

export interface CollectedRow {
  readonly seq: number;
  readonly id: string;
  readonly time: string;
  readonly fields: FieldValues;
  /** Pseudonym of each part; undefined for the head, an erased part, or one without a person. */
  readonly subs: readonly (string | undefined)[];
}

/** A closed bucket, not written yet. */
interface Full {
  readonly bucket: number;
  readonly times: readonly [string, string];
  readonly ids: readonly [string, string];
  readonly counts: string;
  readonly positions: Buffer;
  readonly chunks: readonly (readonly [number, Buffer])[];
}

export class BucketCollector {
  /** Seq of the next expected row; -1 if everything has to be read again. */
  next = -1;
  /** Ids of this and the last bucket. */
  ids = new IdSet();
  #lastIds = new IdSet();
  /** Newest id below those; an id above it needs no look-up. */
  oldest = "";
  /** Newest id of all rows. */
  newest = "";
  full: Full[] = [];
  /** What the last summary cost. */
  spent = { cpuUs: 0, ms: 0 };
  #lastNewest = "";
  #bucket = -1;
  /** Code of each value, and for each row the codes of its fields; 0 is absent. */
  readonly #values: Map<string, number>[] = FIELDS.map(() => new Map());
  readonly #codes = FIELDS.map(() => new Uint16Array(BUCKET_ROWS));
  #times: [string, string] = ["~", ""];
  #idRange: [string, string] = ["~", ""];
  #high: number[] = [];
  #low: number[] = [];
  #slots: number[] = [];

  has(id: string): boolean {
    return this.ids.has(id) || this.#lastIds.has(id);
  }

  forget(): void {
    this.next = -1;
    this.full = [];
  }

  begin(bucket: number): void {
    this.#bucket = bucket;
    this.#times = ["~", ""];
    this.#idRange = ["~", ""];
    this.#high = [];
    this.#low = [];
    this.#slots = [];
  }

  /** An id of the bucket before, read from the database. */
  addOldId(id: string): void {
    this.#lastIds.add(id);
    if (id > this.#lastNewest) this.#lastNewest = id;
  }

  clearIds(): void {
    this.ids.clear();
    this.#lastIds.clear();
    this.#lastNewest = "";
  }

  add({ seq, id, time, fields, subs }: CollectedRow): void {
    if (seq % BUCKET_ROWS === 0) this.begin(bucketOf(seq));
    this.next = seq + 1;
    this.ids.add(id);
    if (id > this.newest) this.newest = id;
    const position = seq % BUCKET_ROWS;
    if (time < this.#times[0]) this.#times[0] = time;
    if (time > this.#times[1]) this.#times[1] = time;
    if (id < this.#idRange[0]) this.#idRange[0] = id;
    if (id > this.#idRange[1]) this.#idRange[1] = id;
    for (let i = 0; i < FIELDS.length; i++) {
      const value = fields[i];
      let code = 0;
      if (value !== undefined) {
        code = this.#values[i]!.get(value) ?? this.#values[i]!.size + 1;
        if (code > this.#values[i]!.size) this.#values[i]!.set(value, code);
      }
      this.#codes[i]![position] = code;
    }
    for (let part = 1; part < subs.length; part++) {
      const sub = subs[part];
      if (sub === undefined) continue;
      const from = sub.indexOf(".") + 1;
      this.#high.push(hex32(sub, from));
      this.#low.push(hex32(sub, from + 8));
      this.#slots.push(position * 256 + part);
    }
    if (position === BUCKET_ROWS - 1) {
      const cpu = process.cpuUsage();
      const begun = performance.now();
      this.#finish();
      this.spent = { cpuUs: cpuSince(cpu), ms: performance.now() - begun };
    }
  }

  /** Drops the collected references of an erased person. */
  drop(sub: string): void {
    const [high, low] = keyOf(sub);
    for (let i = 0; i < this.#slots.length; i++) if (this.#high[i] === high && this.#low[i] === low) this.#slots[i] = -1;
  }

  #finish(): void {
    [this.#lastIds, this.ids] = [this.ids, this.#lastIds];
    this.ids.clear();
    if (this.#lastNewest > this.oldest) this.oldest = this.#lastNewest;
    this.#lastNewest = this.#idRange[1];
    const positions = new Uint16Array(FIELDS.length * BUCKET_ROWS);
    const counts: Record<string, Record<string, [number, number]>> = {};
    let used = 0;
    FIELDS.forEach((name, i) => {
      const codes = this.#codes[i]!;
      const sizes = new Uint32Array(this.#values[i]!.size + 1);
      for (const code of codes) sizes[code]!++;
      sizes[0] = 0;
      // Where the positions of each value begin.
      const starts = sizes.map((_, code) => used + sizes.subarray(0, code).reduce((sum, size) => sum + size, 0));
      counts[name] = {};
      for (const [value, code] of this.#values[i]!) if (sizes[code]! > 0) counts[name][value] = [sizes[code]!, starts[code]!];
      codes.forEach((code, position) => {
        if (code > 0) positions[starts[code]!++] = position;
      });
      used += sizes.reduce((sum, size) => sum + size, 0);
    });
    this.full.push({
      bucket: this.#bucket,
      times: this.#times,
      ids: this.#idRange,
      counts: JSON.stringify(counts),
      positions: Buffer.from(positions.buffer, 0, 2 * used),
      chunks: this.#chunks(),
    });
  }

  /** Sorted by the first four bytes of the key, then by position: as numbers, because a comparator costs ten times as much. */
  #chunks(): [number, Buffer][] {
    const count = this.#slots.length;
    const order = new Float64Array(count);
    for (let i = 0; i < count; i++) order[i] = this.#high[i]! * 0x20_0000 + i;
    order.sort();
    const all = Buffer.allocUnsafe(count * RECORD);
    const starts: [number, number][] = [];
    let used = 0;
    let chunk = -1;
    for (const number of order) {
      const i = number % 0x20_0000;
      const slot = this.#slots[i]!;
      if (slot < 0) continue;
      const high = this.#high[i]!;
      if (high >>> 25 !== chunk) {
        chunk = high >>> 25;
        starts.push([chunk, used]);
      }
      used = all.writeUInt32BE(high, used);
      used = all.writeUInt32BE(this.#low[i]!, used);
      used = all.writeUInt16BE(slot >>> 8, used);
      used = all.writeUInt8(slot & 0xff, used);
    }
    return starts.map(([one, from], i) => [this.#bucket * CHUNKS + one, all.subarray(from, starts[i + 1]?.[1] ?? used)]);
  }
}

function keyOf(sub: string): [number, number] {
  const key = BigInt.asUintN(64, referenceKey(sub));
  return [Number(key >> 32n), Number(key & 0xffff_ffffn)];
}

/** The tables of closed buckets. */
export class ClosedBuckets {
  readonly #db: Database;
  readonly #insertBucket;
  readonly #insertChunk;
  readonly #chunk;
  readonly #rewrite;
  readonly #counts;
  readonly #positions;
  readonly #holding;
  readonly #last;

  constructor(db: Database) {
    this.#db = db;
    this.#insertBucket = db.prepare("INSERT INTO daybook_bucket VALUES (?, ?, ?, ?, ?, ?, ?)");
    this.#insertChunk = db.prepare("INSERT INTO daybook_reference VALUES (?, ?)");
    this.#chunk = db.prepare<[number], Buffer>("SELECT refs FROM daybook_reference WHERE chunk = ?").pluck();
    this.#rewrite = db.prepare("UPDATE daybook_reference SET refs = ? WHERE chunk = ?");
    this.#counts = db
      .prepare<[string, string, number], string | null>("SELECT counts -> ? -> ? FROM daybook_bucket WHERE bucket = ?")
      .pluck();
    this.#positions = db
      .prepare<[number, number, number], Buffer>("SELECT substr(positions, ?, ?) FROM daybook_bucket WHERE bucket = ?")
      .pluck();
    this.#holding = db.prepare<[string], number>("SELECT bucket FROM daybook_bucket WHERE ? BETWEEN min_id AND max_id").pluck();
    this.#last = db.prepare<[], number | null>("SELECT max(bucket) FROM daybook_bucket").pluck();
  }

  write(full: readonly Full[], open: number): void {
    for (const { bucket, times, ids, counts, positions, chunks } of full) {
      this.#insertBucket.run(bucket, ...times, ...ids, counts, positions);
      for (const [chunk, refs] of chunks) this.#insertChunk.run(chunk, refs);
    }
    if ((this.last() ?? -1) !== open - 1) throw new Error("a bucket was not closed");
  }

  last = (): number | undefined => this.#last.get() ?? undefined;
  holding = (id: string): number[] => this.#holding.all(id);
  newestIdBelow = (bucket: number): string =>
    this.#db.prepare<[number], string | null>("SELECT max(max_id) FROM daybook_bucket WHERE bucket < ?").pluck().get(bucket) ?? "";

  /** Seqs of the rows of a bucket whose head has this value, the newest first. */
  withValue(bucket: number, name: string, value: string): number[] {
    const found = this.#counts.get(name, value, bucket);
    if (found === undefined || found === null) return [];
    const [count, from] = JSON.parse(found) as [number, number];
    const bytes = this.#positions.get(from * 2 + 1, count * 2, bucket)!;
    return Array.from({ length: count }, (_, i) => bucket * BUCKET_ROWS + bytes.readUInt16LE(2 * (count - 1 - i)));
  }

  /** References of a person in a bucket, in order. */
  slotsOf(bucket: number, sub: string): Slot[] {
    const slots: Slot[] = [];
    this.#each(bucket, sub, (refs, i) => slots.push({ seq: bucket * BUCKET_ROWS + refs.readUInt16BE(i + 8), part: refs[i + 10]! }));
    return slots;
  }

  /** Overwrites the references of a person with zeros, at the same length. */
  erase(bucket: number, sub: string): void {
    const erased = this.#each(bucket, sub, (refs, i) => refs.fill(0, i, i + RECORD));
    if (erased !== undefined) this.#rewrite.run(erased, bucket * CHUNKS + (keyOf(sub)[0] >>> 25));
  }

  /** Overwrites the references to all rows of a bucket below a position. */
  expire(bucket: number, below: number): void {
    const chunks = this.#db.prepare<[number, number], { chunk: number; refs: Buffer }>(
      "SELECT * FROM daybook_reference WHERE chunk >= ? AND chunk < ?",
    );
    for (const { chunk, refs } of chunks.all(bucket * CHUNKS, (bucket + 1) * CHUNKS)) {
      for (let i = 0; i < refs.length; i += RECORD) if (refs.readUInt16BE(i + 8) < below) refs.fill(0, i, i + RECORD);
      this.#rewrite.run(refs, chunk);
    }
  }

  #each(bucket: number, sub: string, found: (refs: Buffer, at: number) => void): Buffer | undefined {
    const [high, low] = keyOf(sub);
    const refs = this.#chunk.get(bucket * CHUNKS + (high >>> 25));
    if (refs === undefined) return undefined;
    let any = false;
    for (let i = 0; i < refs.length; i += RECORD) {
      if (refs[i + 10] === 0 || refs.readUInt32BE(i) !== high || refs.readUInt32BE(i + 4) !== low) continue;
      any = true;
      found(refs, i);
    }
    return any ? refs : undefined;
  }
}

import { BUCKET_ROWS } from "../database/schema.ts";
import type { HeadFields } from "./head-fields.ts";

/** Fields of a head whose values a summary lists. */
export const SUMMARY_KEYS = ["type", "action", "severity", "outcome", "route"] as const;
export type SummaryKey = (typeof SUMMARY_KEYS)[number];

/** A row of `daybook_bucket` without its number. */
export interface SummaryRow {
  /** Number of heads that are present. */
  readonly heads: number;
  /** Smallest and largest time and id of them; null without heads. */
  readonly first_time: string | null;
  readonly last_time: string | null;
  readonly first_id: string | null;
  readonly last_id: string | null;
  /**
   * JSON: for `hour` and each summary key an object from value to number of entries, values in order of their code
   * units.
   */
  readonly counts: string;
  /** For each summary key and value, in the order of `counts`: positions in the bucket, ascending, 2 bytes each, little-endian. */
  readonly positions: Uint8Array;
  /** `idHash` of each id, ascending, 4 bytes each, little-endian: an id whose hash is missing is not in the bucket. */
  readonly ids: Uint8Array;
}

/** The hour of a time: `2026-11-20T16`. */
const hourOf = (ts: string): string => ts.slice(0, 13);

/** FNV-1a (32 bits) over the UTF-16 code units of an id. */
export function idHash(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

type Heading = Pick<HeadFields, SummaryKey>;

/**
 * Heads of one bucket, counted and listed by value. The same heads give the same row. Many heads share all of their
 * listed values, so a head is kept as the number of its combination.
 */
export class BucketSummary {
  readonly #combinations = new Map<string, number>();
  readonly #headings: Heading[] = [];
  /** For each position the number of its combination plus one; zero without a head. */
  readonly #at = new Uint16Array(BUCKET_ROWS);
  readonly #hours = new Map<string, number>();
  readonly #ids = new Uint32Array(BUCKET_ROWS);
  #heads = 0;
  #firstTime: string | null = null;
  #lastTime: string | null = null;
  #firstId: string | null = null;
  #lastId: string | null = null;

  /** Adds the head at a position. */
  add(position: number, fields: HeadFields): void {
    const { ts, id, type, action, severity, outcome, route } = fields;
    if (this.#firstTime === null || ts < this.#firstTime) this.#firstTime = ts;
    if (this.#lastTime === null || ts > this.#lastTime) this.#lastTime = ts;
    if (this.#firstId === null || id < this.#firstId) this.#firstId = id;
    if (this.#lastId === null || id > this.#lastId) this.#lastId = id;
    const hour = hourOf(ts);
    this.#hours.set(hour, (this.#hours.get(hour) ?? 0) + 1);
    this.#ids[this.#heads++] = idHash(id);
    const key = `${type} ${action} ${severity} ${outcome} ${route ?? ""}`;
    let combination = this.#combinations.get(key);
    if (combination === undefined) {
      combination = this.#headings.push(fields) - 1;
      this.#combinations.set(key, combination);
    }
    this.#at[position] = combination + 1;
  }

  row(): SummaryRow {
    const counts: [string, (readonly [string, number])[]][] = [["hour", [...this.#hours].sort(byCodeUnits)]];
    const all: number[] = [];
    const ofCombination = this.#positions();
    for (const key of SUMMARY_KEYS) {
      const lists = new Map<string, number[]>();
      for (const [i, heading] of this.#headings.entries()) {
        const value = heading[key];
        if (value !== undefined) lists.set(value, [...(lists.get(value) ?? []), i]);
      }
      const sorted = [...lists].sort(byCodeUnits).map(([value, combinations]) => {
        const positions = combinations.flatMap((i) => ofCombination[i] as number[]).sort((a, b) => a - b);
        for (const position of positions) all.push(position);
        return [value, positions.length] as const;
      });
      counts.push([key, sorted]);
    }
    return {
      heads: this.#heads,
      first_time: this.#firstTime,
      last_time: this.#lastTime,
      first_id: this.#firstId,
      last_id: this.#lastId,
      // Built by concatenation: as keys of an object, digits would come first.
      counts: `{${counts
        .map(([key, values]) => `"${key}":{${values.map(([value, n]) => `${JSON.stringify(value)}:${n}`).join(",")}}`)
        .join(",")}}`,
      positions: positionBytes(all),
      ids: idBytes(this.#ids.subarray(0, this.#heads).sort()),
    };
  }

  /** Ascending positions by combination. */
  #positions(): number[][] {
    const lists: number[][] = this.#headings.map(() => []);
    for (let position = 0; position < BUCKET_ROWS; position++) {
      const combination = this.#at[position] as number;
      if (combination > 0) (lists[combination - 1] as number[]).push(position);
    }
    return lists;
  }
}

const byCodeUnits = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : a > b ? 1 : 0);

function idBytes(hashes: Uint32Array): Uint8Array {
  const bytes = Buffer.alloc(hashes.length * 4);
  for (const [i, hash] of hashes.entries()) bytes.writeUInt32LE(hash, i * 4);
  return bytes;
}

function positionBytes(positions: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(positions.length * 2);
  for (const [i, position] of positions.entries()) bytes.writeUInt16LE(position, i * 2);
  return bytes;
}

export type Counts = ReadonlyMap<SummaryKey, readonly (readonly [value: string, count: number])[]>;
export type WantedValues = ReadonlyMap<SummaryKey, readonly string[]>;

/**
 * The counts of a stored summary in the order of its lists; undefined if the row is no summary, as after an edit of the
 * file.
 * @param size bytes of its positions
 */
export function countsOf(text: string, size: number): Counts | undefined {
  const parsed = parsedObject(text);
  const counts = new Map<SummaryKey, [string, number][]>();
  let listed = 0;
  for (const key of SUMMARY_KEYS) {
    const values = Object.entries(parsed?.[key] ?? {}).sort(byCodeUnits);
    counts.set(key, values);
    for (const [, count] of values) listed += Number.isSafeInteger(count) && count > 0 ? count : Number.NaN;
  }
  return listed * 2 === size ? counts : undefined;
}

function parsedObject(text: string): Record<string, Record<string, number>> | null {
  try {
    return JSON.parse(text) as Record<string, Record<string, number>> | null;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    return null;
  }
}

/** False if a key has none of its values in the bucket. */
export function mayHold(counts: Counts, wanted: WantedValues): boolean {
  for (const [key, values] of wanted) if (!counts.get(key)?.some(([value]) => values.includes(value))) return false;
  return true;
}

/** For each position of the bucket, how many of the wanted keys have one of their values there. */
function hitsOf(counts: Counts, positions: Uint8Array, wanted: WantedValues): Uint8Array {
  const hits = new Uint8Array(BUCKET_ROWS);
  forEachPosition(counts, positions, (key, value, position) => {
    if (wanted.get(key)?.includes(value)) hits[position] = (hits[position] ?? 0) + 1;
  });
  return hits;
}

function forEachPosition(counts: Counts, positions: Uint8Array, visit: (key: SummaryKey, value: string, position: number) => void): void {
  const bytes = new DataView(positions.buffer, positions.byteOffset, positions.byteLength);
  let at = 0;
  for (const [key, values] of counts) {
    for (const [value, count] of values) {
      for (const end = at + count * 2; at < end; at += 2) visit(key, value, bytes.getUint16(at, true));
    }
  }
}

/** Positions at which every key has one of its values, ascending. */
export function positionsOf(counts: Counts, positions: Uint8Array, wanted: WantedValues): number[] {
  const hits = hitsOf(counts, positions, wanted);
  const found: number[] = [];
  for (let position = 0; position < BUCKET_ROWS; position++) if (hits[position] === wanted.size) found.push(position);
  return found;
}

/**
 * Number of heads at which every wanted key has one of its values, by the value of a further key. Without that key,
 * all are counted under null. Undefined if the row is no summary.
 */
export function countsIn(
  { counts: text, positions, heads }: SummaryRow,
  wanted: WantedValues,
  key: SummaryKey | undefined,
): ReadonlyMap<string | null, number> | undefined {
  const counts = countsOf(text, positions.length);
  if (counts === undefined) return undefined;
  if (wanted.size === 0) return key === undefined ? new Map([[null, heads]]) : new Map(counts.get(key));
  const hits = hitsOf(counts, positions, wanted);
  if (key === undefined) return new Map([[null, hits.filter((n) => n === wanted.size).length]]);
  const found = new Map<string, number>();
  forEachPosition(counts, positions, (of, value, position) => {
    if (of === key && hits[position] === wanted.size) found.set(value, (found.get(value) ?? 0) + 1);
  });
  return found;
}

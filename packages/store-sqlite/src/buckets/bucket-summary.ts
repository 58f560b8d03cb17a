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
}

/** The hour of a time: `2026-11-20T16`. */
const hourOf = (ts: string): string => ts.slice(0, 13);

/** Heads of one bucket, counted and listed by value. The same heads give the same row, in whatever order they are added. */
export class BucketSummary {
  #heads = 0;
  #firstTime: string | null = null;
  #lastTime: string | null = null;
  #firstId: string | null = null;
  #lastId: string | null = null;
  readonly #hours = new Map<string, number>();
  readonly #lists = SUMMARY_KEYS.map(() => new Map<string, number[]>());

  /** Adds the head at a position, which is larger than all before. */
  add(position: number, fields: HeadFields): void {
    const { ts, id } = fields;
    this.#heads++;
    if (this.#firstTime === null || ts < this.#firstTime) this.#firstTime = ts;
    if (this.#lastTime === null || ts > this.#lastTime) this.#lastTime = ts;
    if (this.#firstId === null || id < this.#firstId) this.#firstId = id;
    if (this.#lastId === null || id > this.#lastId) this.#lastId = id;
    const hour = hourOf(ts);
    this.#hours.set(hour, (this.#hours.get(hour) ?? 0) + 1);
    for (let i = 0; i < SUMMARY_KEYS.length; i++) {
      const value = fields[SUMMARY_KEYS[i] as SummaryKey];
      if (value === undefined) continue;
      const lists = this.#lists[i] as Map<string, number[]>;
      const list = lists.get(value);
      if (list === undefined) lists.set(value, [position]);
      else list.push(position);
    }
  }

  row(): SummaryRow {
    const counts: Record<string, [string, number][]> = { hour: [...this.#hours].sort(byCodeUnits) };
    const all: number[] = [];
    for (const [i, key] of SUMMARY_KEYS.entries()) {
      const lists = [...(this.#lists[i] as Map<string, number[]>)].sort(byCodeUnits);
      counts[key] = lists.map(([value, list]) => [value, list.length]);
      for (const [, list] of lists) for (const position of list) all.push(position);
    }
    return {
      heads: this.#heads,
      first_time: this.#firstTime,
      last_time: this.#lastTime,
      first_id: this.#firstId,
      last_id: this.#lastId,
      // Built by concatenation: as keys of an object, digits would come first.
      counts: `{${Object.entries(counts)
        .map(([key, values]) => `"${key}":{${values.map(([value, n]) => `${JSON.stringify(value)}:${n}`).join(",")}}`)
        .join(",")}}`,
      positions: bytesOf(all),
    };
  }
}

const byCodeUnits = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : a > b ? 1 : 0);

function bytesOf(positions: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(positions.length * 2);
  for (const [i, position] of positions.entries()) bytes.writeUInt16LE(position, i * 2);
  return bytes;
}

/** The counts of a stored summary, in stored order. @throws {SyntaxError} for a text that is not such a summary */
export function countsOf(text: string): ReadonlyMap<SummaryKey, readonly (readonly [value: string, count: number])[]> {
  // A reviver sees keys in the order of JavaScript, digits first; the lists follow the order of the text.
  const counts = new Map<SummaryKey, [string, number][]>();
  const parsed = JSON.parse(text) as Record<string, Record<string, number>>;
  for (const key of SUMMARY_KEYS) counts.set(key, Object.entries(parsed[key] ?? {}).sort(byCodeUnits));
  return counts;
}

type Wanted = ReadonlyMap<SummaryKey, readonly string[]>;
type Lists = Pick<SummaryRow, "counts" | "positions">;

/** For each position of the bucket, how many of the wanted keys have one of their values there. */
function hitsOf({ counts, positions }: Lists, wanted: Wanted): Uint8Array {
  const hits = new Uint8Array(BUCKET_ROWS);
  forEachPosition(counts, positions, (key, value, position) => {
    if (wanted.get(key)?.includes(value)) hits[position] = (hits[position] ?? 0) + 1;
  });
  return hits;
}

function forEachPosition(counts: string, positions: Uint8Array, visit: (key: SummaryKey, value: string, position: number) => void): void {
  const bytes = new DataView(positions.buffer, positions.byteOffset, positions.byteLength);
  let at = 0;
  for (const [key, values] of countsOf(counts)) {
    for (const [value, count] of values) {
      for (const end = at + count * 2; at < end; at += 2) visit(key, value, bytes.getUint16(at, true));
    }
  }
}

/** Positions at which every key has one of its values, ascending. */
export function positionsOf(row: Lists, wanted: Wanted): number[] {
  const hits = hitsOf(row, wanted);
  const found: number[] = [];
  for (let position = 0; position < BUCKET_ROWS; position++) if (hits[position] === wanted.size) found.push(position);
  return found;
}

/**
 * Number of heads at which every wanted key has one of its values, by the value of a further key. Without that key,
 * all are counted under null.
 */
export function countsIn(row: SummaryRow, wanted: Wanted, key: SummaryKey | undefined): ReadonlyMap<string | null, number> {
  if (wanted.size === 0) return key === undefined ? new Map([[null, row.heads]]) : new Map(countsOf(row.counts).get(key));
  if (key === undefined) return new Map([[null, positionsOf(row, wanted).length]]);
  const hits = hitsOf(row, wanted);
  const found = new Map<string, number>();
  forEachPosition(row.counts, row.positions, (of, value, position) => {
    if (of === key && hits[position] === wanted.size) found.set(value, (found.get(value) ?? 0) + 1);
  });
  return found;
}

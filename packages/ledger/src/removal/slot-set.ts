import { MOST_PARTS } from "../entry/entry.ts";
import { LedgerError } from "../ledger-error.ts";

/** A sequence number, or an inclusive range of them. */
export type SlotItem = number | readonly [from: number, to: number];

/** JSON form of a set of slots: part number to ascending items that do not touch. */
export type SlotList = Readonly<Record<string, readonly SlotItem[]>>;

/** Ranges of one part: ascending, disjoint, not touching. */
interface Ranges {
  readonly from: number[];
  readonly to: number[];
  /** Index of the last range found, because look-ups mostly come in order. */
  at: number;
}

/** Compares as beyond every sequence number. */
const END = Number.POSITIVE_INFINITY;

/** A set of slots. Its memory grows with the number of ranges, not with the number of slots. */
export class SlotSet {
  readonly #parts = new Map<number, Ranges>();
  #size = 0;

  /**
   * Parses the form that `toJson` returns.
   * @param below every sequence number must be lower
   * @throws {LedgerError} `BAD_MANIFEST`: not that form, or a sequence number that is not lower
   */
  static fromJson(value: unknown, below: number): SlotSet {
    const set = new SlotSet();
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad("it is not an object");
    for (const [name, items] of Object.entries(value)) {
      const part = Number(name);
      if (String(part) !== name || !Number.isInteger(part) || part < 0 || part >= MOST_PARTS)
        throw bad(`${JSON.stringify(name)} is not a part`);
      set.#parts.set(part, set.#read(items, below));
    }
    return set;
  }

  /** Number of slots. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds the slots of one part in a range of entries, which may be in the set already.
   * @param part number of the part, 0 to 254
   * @param from first sequence number
   * @param to last sequence number, inclusive. Default: `from`
   * @throws {LedgerError} `BAD_SIZE`: a slot that cannot exist
   */
  add(part: number, from: number, to: number = from): void {
    if (
      !Number.isInteger(part) ||
      part < 0 ||
      part >= MOST_PARTS ||
      !Number.isSafeInteger(to) ||
      !Number.isSafeInteger(from) ||
      from < 0 ||
      to < from
    ) {
      throw new LedgerError("BAD_SIZE", `There is no slot ${part}/${from}${to === from ? "" : `-${to}`}.`);
    }
    let ranges = this.#parts.get(part);
    if (ranges === undefined) {
      ranges = { from: [], to: [], at: 0 };
      this.#parts.set(part, ranges);
    }
    // All ranges that overlap or touch the new one merge with it.
    const first = firstEndingFrom(ranges, from - 1);
    let end = first;
    let low = from;
    let high = to;
    for (let start = ranges.from[end]; start !== undefined && start <= to + 1; start = ranges.from[++end]) {
      const stop = ranges.to[end] ?? start;
      low = Math.min(low, start);
      high = Math.max(high, stop);
      this.#size -= stop - start + 1;
    }
    if (first === ranges.from.length) {
      ranges.from.push(low);
      ranges.to.push(high);
    } else {
      ranges.from.splice(first, end - first, low);
      ranges.to.splice(first, end - first, high);
    }
    this.#size += high - low + 1;
  }

  /** Adds all slots of another set. */
  addAll(other: SlotSet): void {
    for (const part of other.parts()) for (const [from, to] of other.ranges(part)) this.add(part, from, to);
  }

  /** True if a slot is in the set. Takes constant time if called in ascending order of `seq`, else logarithmic time. */
  has(part: number, seq: number): boolean {
    const ranges = this.#parts.get(part);
    if (ranges === undefined) return false;
    const { from, to, at } = ranges;
    let i = at < to.length && (at === 0 || (to[at - 1] ?? END) < seq) ? at : firstEndingFrom(ranges, seq);
    if (i < to.length && (to[i] ?? END) < seq) i = i + 1 < to.length && (to[i + 1] ?? END) >= seq ? i + 1 : firstEndingFrom(ranges, seq);
    ranges.at = i;
    return i < to.length && (from[i] ?? END) <= seq;
  }

  /** True if any slot of the other set is in this one. */
  overlaps(other: SlotSet): boolean {
    for (const part of other.parts()) {
      const ranges = this.#parts.get(part);
      if (ranges === undefined) continue;
      for (const [from, to] of other.ranges(part)) {
        const i = firstEndingFrom(ranges, from);
        if ((ranges.from[i] ?? END) <= to) return true;
      }
    }
    return false;
  }

  /** The parts that have slots, ascending. */
  parts(): number[] {
    return [...this.#parts.keys()].sort((a, b) => a - b);
  }

  /** The slots of one part as inclusive ranges, ascending. */
  *ranges(part: number): Generator<[from: number, to: number]> {
    const ranges = this.#parts.get(part);
    if (ranges === undefined) return;
    for (const [i, start] of ranges.from.entries()) yield [start, ranges.to[i] ?? start];
  }

  /** The JSON form of the set, as an entry records it. */
  toJson(): SlotList {
    return Object.fromEntries(
      this.parts().map((part) => [part, [...this.ranges(part)].map(([from, to]) => (from === to ? from : [from, to]))]),
    );
  }

  #read(items: unknown, below: number): Ranges {
    if (!Array.isArray(items) || items.length === 0) throw bad("a part has no list of sequence numbers");
    const ranges: Ranges = { from: [], to: [], at: 0 };
    let last = -2;
    for (const item of items as readonly unknown[]) {
      const [from, to] = Array.isArray(item) && item.length === 2 ? (item as [unknown, unknown]) : [item, item];
      if (!isSeq(from) || !isSeq(to) || (Array.isArray(item) && from >= to))
        throw bad(`${JSON.stringify(item)} is neither a sequence number nor a range`);
      if (from <= last + 1) throw bad("sequence numbers are not ascending, or touch");
      if (to >= below) throw bad(`it names entry ${to}, which is not before the entry itself`);
      last = to;
      ranges.from.push(from);
      ranges.to.push(to);
      this.#size += to - from + 1;
    }
    return ranges;
  }
}

/**
 * Splits a set into several that each fit into one entry.
 * @param longest most characters of the JSON text of one set. Default 60,000, which leaves room for the rest of the part
 */
export function spreadSlots(slots: SlotSet, longest = 60_000): SlotSet[] {
  const sets: SlotSet[] = [];
  let set: SlotSet | undefined;
  let room = 0;
  for (const part of slots.parts()) {
    for (const [from, to] of slots.ranges(part)) {
      const cost = 2 * String(to).length + 12;
      if (set === undefined || room < cost) {
        set = new SlotSet();
        sets.push(set);
        room = longest;
      }
      room -= cost;
      set.add(part, from, to);
    }
  }
  return sets;
}

/** Index of the first range that ends at `seq` or later. */
function firstEndingFrom({ to }: Ranges, seq: number): number {
  let low = 0;
  let high = to.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((to[middle] ?? END) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

const isSeq = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const bad = (what: string) => new LedgerError("BAD_MANIFEST", `A list of slots cannot be read: ${what}.`);

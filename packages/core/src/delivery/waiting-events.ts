/** The properties of a queued event that decide its place. */
export interface WaitingEvent {
  /** Exact for encoded events, an estimate for others. */
  readonly bytes: number;
  /** When a durable event was recorded, in milliseconds of a clock that never jumps; 0 for a background event. */
  readonly since: number;
  /** A full queue drops the lowest rank first: 0 informational, 1 other, 2 about security. */
  readonly rank: EventRank;
  /** Ascending in the order of recording. */
  readonly order: number;
}

export type EventRank = 0 | 1 | 2;

/** Queued events of one delivery class, bounded by number and bytes, first in first out. One lane per rank makes dropping cheap. */
export class WaitingEvents<E extends WaitingEvent> {
  readonly #lanes = [new Lane<E>(), new Lane<E>(), new Lane<E>()] as const;
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  length = 0;
  bytes = 0;

  constructor(maxEvents: number, maxBytes: number) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  hasRoomFor(bytes: number): boolean {
    return this.length < this.#maxEvents && this.bytes + bytes <= this.#maxBytes;
  }

  push(event: E): void {
    this.#lanes[event.rank].push(event);
    this.length++;
    this.bytes += event.bytes;
  }

  /** Puts events back into their places; `events` is in order. */
  putBack(events: readonly E[]): void {
    if (events.length === 0) return;
    for (const rank of [0, 1, 2] as const) this.#lanes[rank].putBack(events.filter((event) => event.rank === rank));
    this.length += events.length;
    for (const event of events) this.bytes += event.bytes;
  }

  /** Takes the oldest events, at most `most`, in order. */
  take(most: number): E[] {
    const [low, middle, high] = this.#lanes;
    if (low.length === this.length || middle.length === this.length || high.length === this.length) {
      const lane = low.length > 0 ? low : middle.length > 0 ? middle : high;
      return this.#without(lane.take(most));
    }
    const taken: E[] = [];
    while (taken.length < most) {
      let first: Lane<E> | undefined;
      for (const lane of this.#lanes) {
        if (lane.length > 0 && (first === undefined || lane.first.order < first.first.order)) first = lane;
      }
      if (first === undefined) break;
      taken.push(first.shift());
    }
    return this.#without(taken);
  }

  /** `take` for matching events only. */
  takeMatching(matches: (event: E) => boolean, most = Number.POSITIVE_INFINITY): E[] {
    const taken = this.#lanes.flatMap((lane) => lane.matching(matches)).sort((a, b) => a.order - b.order);
    if (taken.length > most) taken.length = most;
    if (taken.length === 0) return taken;
    const gone = new Set(taken);
    for (const lane of this.#lanes) lane.remove(gone);
    return this.#without(taken);
  }

  /** `since` of the event queued longest; undefined if the queue is empty. */
  longest(): number | undefined {
    let since: number | undefined;
    for (const lane of this.#lanes) if (lane.length > 0 && (since === undefined || lane.first.since < since)) since = lane.first.since;
    return since;
  }

  /** Takes the oldest events of the lowest rank until `bytes` fit; undefined if all queued events are above `rank`. */
  removeFor(bytes: number, rank: EventRank): E[] | undefined {
    const removed: E[] = [];
    while (!this.hasRoomFor(bytes)) {
      const lane = this.#lanes.find((each, i) => i <= rank && each.length > 0);
      if (lane === undefined) {
        this.putBack(removed);
        return undefined;
      }
      const victim = lane.shift();
      this.length--;
      this.bytes -= victim.bytes;
      removed.push(victim);
    }
    return removed;
  }

  #without(taken: E[]): E[] {
    this.length -= taken.length;
    if (this.length === 0) this.bytes = 0;
    else for (const event of taken) this.bytes -= event.bytes;
    return taken;
  }
}

const FEWEST_SLOTS = 16;
/** Most slots kept while the lane is empty. */
const MOST_IDLE_SLOTS = 4_096;

/** A ring buffer that reuses its slots. An array that grows and is dropped with each batch would outlive garbage collections. */
class Lane<E extends WaitingEvent> {
  /** The number of slots is a power of two. */
  #slots: (E | undefined)[] = new Array(FEWEST_SLOTS);
  #start = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): E {
    return this.#at(0);
  }

  push(event: E): void {
    if (this.#length === this.#slots.length) this.#become(this.#all(), this.#length * 2);
    this.#slots[(this.#start + this.#length) & (this.#slots.length - 1)] = event;
    this.#length++;
  }

  putBack(events: readonly E[]): void {
    if (events.length === 0) return;
    const merged = [...events, ...this.#all()];
    if (events.at(-1)!.order > (merged[events.length]?.order ?? Number.POSITIVE_INFINITY)) merged.sort((a, b) => a.order - b.order);
    this.#become(merged);
  }

  shift(): E {
    const event = this.#at(0);
    this.#slots[this.#start] = undefined;
    this.#start = (this.#start + 1) & (this.#slots.length - 1);
    this.#length--;
    if (this.#length === 0 && this.#slots.length > MOST_IDLE_SLOTS) this.#become([]);
    return event;
  }

  take(most: number): E[] {
    const taken = new Array<E>(Math.min(most, this.#length));
    for (let i = 0; i < taken.length; i++) taken[i] = this.shift();
    return taken;
  }

  matching(matches: (event: E) => boolean): E[] {
    return this.#all().filter(matches);
  }

  remove(gone: ReadonlySet<E>): void {
    this.#become(this.#all().filter((event) => !gone.has(event)));
  }

  #at(i: number): E {
    return this.#slots[(this.#start + i) & (this.#slots.length - 1)]!;
  }

  #all(): E[] {
    const all: E[] = [];
    for (let i = 0; i < this.#length; i++) all.push(this.#at(i));
    return all;
  }

  #become(events: readonly E[], slots = FEWEST_SLOTS): void {
    let size = slots;
    while (size < events.length) size *= 2;
    this.#slots = [...events, ...new Array<undefined>(size - events.length)];
    this.#start = 0;
    this.#length = events.length;
  }
}

/** What decides about an event while it waits. */
export interface WaitingEvent {
  /** Estimated. */
  readonly bytes: number;
  /** When somebody began to wait for it, in milliseconds of a clock that never jumps; 0 where nobody does. */
  readonly since: number;
  /** Which goes first when there is no room: 0 informational, 1 other, 2 about security. */
  readonly rank: EventRank;
  /** Ascending in the order of recording. */
  readonly order: number;
}

export type EventRank = 0 | 1 | 2;

/** Events that wait for a sink, bounded by number and bytes, first in first out; one lane per rank, so that making room is cheap. */
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

  /** Puts events back to their places; `events` in order. */
  putBack(events: readonly E[]): void {
    if (events.length === 0) return;
    for (const rank of [0, 1, 2] as const) this.#lanes[rank].putBack(events.filter((event) => event.rank === rank));
    this.length += events.length;
    for (const event of events) this.bytes += event.bytes;
  }

  /** The oldest events, at most `most`, in order. */
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

  /** Like `take`, of those that match. */
  takeMatching(matches: (event: E) => boolean, most = Number.POSITIVE_INFINITY): E[] {
    const taken = this.#lanes.flatMap((lane) => lane.matching(matches)).sort((a, b) => a.order - b.order);
    if (taken.length > most) taken.length = most;
    if (taken.length === 0) return taken;
    const gone = new Set(taken);
    for (const lane of this.#lanes) lane.remove(gone);
    return this.#without(taken);
  }

  /** Since when the one that waits longest does; undefined where none waits. */
  longest(): number | undefined {
    let since: number | undefined;
    for (const lane of this.#lanes) if (lane.length > 0 && (since === undefined || lane.first.since < since)) since = lane.first.since;
    return since;
  }

  /** The oldest of the lowest rank, as many as make room for `bytes`; undefined where everything that waits is above `rank`. */
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

/** An array with a moving start: taking from the front moves nothing. */
class Lane<E extends WaitingEvent> {
  #events: E[] = [];
  #start = 0;

  get length(): number {
    return this.#events.length - this.#start;
  }

  get first(): E {
    return this.#events[this.#start]!;
  }

  push(event: E): void {
    this.#events.push(event);
  }

  putBack(events: readonly E[]): void {
    if (events.length === 0) return;
    const merged = [...events, ...this.#events.slice(this.#start)];
    if (events.at(-1)!.order > (merged[events.length]?.order ?? Number.POSITIVE_INFINITY)) merged.sort((a, b) => a.order - b.order);
    this.#events = merged;
    this.#start = 0;
  }

  shift(): E {
    const event = this.#events[this.#start]!;
    this.#start++;
    // What was taken is let go of in blocks.
    if (this.#start >= 1_024 || this.#start === this.#events.length) {
      this.#events = this.#events.slice(this.#start);
      this.#start = 0;
    }
    return event;
  }

  take(most: number): E[] {
    if (this.length <= most) {
      const all = this.#start === 0 ? this.#events : this.#events.slice(this.#start);
      this.#events = [];
      this.#start = 0;
      return all;
    }
    const taken = this.#events.slice(this.#start, this.#start + most);
    this.#events = this.#events.slice(this.#start + most);
    this.#start = 0;
    return taken;
  }

  matching(matches: (event: E) => boolean): E[] {
    const found: E[] = [];
    for (let i = this.#start; i < this.#events.length; i++) if (matches(this.#events[i]!)) found.push(this.#events[i]!);
    return found;
  }

  remove(gone: ReadonlySet<E>): void {
    this.#events = this.#events.filter((event, i) => i >= this.#start && !gone.has(event));
    this.#start = 0;
  }
}

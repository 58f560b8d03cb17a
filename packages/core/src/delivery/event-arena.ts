import type { DaybookError } from "../daybook-error.ts";
import { FAILURE_POLICIES, type FailurePolicy } from "../events/failure-policy.ts";
import type { QueuedEvent } from "./queued-event.ts";
import type { RecordedEvent } from "./recorded-event.ts";
import type { Settlement, Settler } from "./settlement.ts";
import type { EventRank } from "./waiting-events.ts";

const BLOCK_BYTES = 64 * 1024;
/** An id is a UUID in its text form. */
const ID_BYTES = 36;
/** Empty blocks that are kept for reuse. */
const MOST_EMPTY_BLOCKS = 64;
/** Objects that are kept for reuse. */
const MOST_FREE_EVENTS = 4_096;

interface Block {
  readonly bytes: Buffer;
  used: number;
  /** Events in it that are still queued. */
  waiting: number;
}

const NO_BLOCK: Block = { bytes: Buffer.alloc(0), used: 0, waiting: 0 };

/** A queued event as bytes: id, text, line feed. */
export class PackedEvent implements QueuedEvent {
  type = "";
  durable = false;
  policy: FailurePolicy = "block";
  rank: EventRank = 0;
  bytes = 0;
  order = 0;
  since = 0;
  settlement: Settlement | undefined = undefined;
  block: Block = NO_BLOCK;
  at = 0;
  readonly #arena: EventArena;

  constructor(arena: EventArena) {
    this.#arena = arena;
  }

  get id(): string {
    return this.block.bytes.toString("latin1", this.at, this.at + ID_BYTES);
  }

  get text(): string {
    return this.block.bytes.toString("utf8", this.at + ID_BYTES, this.at + this.bytes - 1);
  }

  get persisted(): boolean {
    return this.settlement?.persisted ?? false;
  }

  settle(by: Settler, error?: DaybookError): void {
    this.settlement?.settle(by, error);
  }

  recycle(): void {
    this.#arena.recycle(this);
  }
}

/** Text and line feed of each event, one after the other. */
export function linesOfPacked(batch: readonly PackedEvent[]): Uint8Array {
  let bytes = 0;
  for (const event of batch) bytes += event.bytes - ID_BYTES;
  const lines = Buffer.allocUnsafeSlow(bytes);
  let end = 0;
  for (const { block, at, bytes } of batch) end += block.bytes.copy(lines, end, at + ID_BYTES, at + bytes);
  return lines;
}

/**
 * Keeps the bytes of queued events in blocks outside of the JavaScript heap, and reuses the objects that refer to them. Queued events
 * on the heap would outlive collections of V8's young generation, which then grows with the rate of requests to more than 100 MB.
 */
export class EventArena {
  /** The block that is being filled, one for each way in which events leave, so that a slow way holds back few bytes. */
  readonly #open: Block[] = [];
  readonly #empty: Block[] = [];
  /** Has a count of its own: V8 reallocates an array that is pushed to and popped from. */
  readonly #free: PackedEvent[] = [];
  #freeCount = 0;

  /** @param text the event as the codec encoded it */
  pack(recorded: RecordedEvent, text: string): PackedEvent {
    const { durable, policy, rank } = recorded;
    const event = this.#freeCount === 0 ? new PackedEvent(this) : this.#free[--this.#freeCount]!;
    event.type = recorded.type;
    event.durable = durable;
    event.policy = policy;
    event.rank = rank;
    event.order = recorded.order;
    event.since = recorded.since;
    event.settlement = recorded.settlement;
    this.#write(event, `${recorded.id}${text}\n`, (FAILURE_POLICIES.indexOf(policy) * 3 + rank) * 2 + (durable ? 1 : 0));
    return event;
  }

  recycle(event: PackedEvent): void {
    const { block } = event;
    if (block === NO_BLOCK) return;
    event.block = NO_BLOCK;
    event.settlement = undefined;
    if (this.#freeCount < MOST_FREE_EVENTS) this.#free[this.#freeCount++] = event;
    if (--block.waiting > 0) return;
    block.used = 0;
    if (block.bytes.length === BLOCK_BYTES && this.#empty.length < MOST_EMPTY_BLOCKS && !this.#open.includes(block))
      this.#empty.push(block);
  }

  #write(event: PackedEvent, content: string, way: number): void {
    let block = this.#open[way] ?? NO_BLOCK;
    // A UTF-16 unit takes at most three bytes of UTF-8. Bytes are counted only if that bound does not fit.
    if (block.used + content.length * 3 > block.bytes.length) {
      const bytes = Buffer.byteLength(content);
      if (block.used + bytes > block.bytes.length) block = this.#open[way] = this.#emptyBlock(bytes);
    }
    const at = block.used;
    const bytes = block.bytes.write(content, at, "utf8");
    block.used = at + bytes;
    block.waiting++;
    event.block = block;
    event.at = at;
    event.bytes = bytes;
  }

  #emptyBlock(bytes: number): Block {
    const known = bytes <= BLOCK_BYTES ? this.#empty.pop() : undefined;
    return known ?? { bytes: Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes)), used: 0, waiting: 0 };
  }
}

import type { AppendResult, EntrySink, LineSink } from "../contracts/audit-sink.ts";
import { type EncodedEvent, linesOf, refusalOf } from "../contracts/event-codec.ts";
import type { RefusedEvent } from "../contracts/sink-entry.ts";
import type { PlainCodec } from "../spool/plain-codec.ts";
import { EventArena, linesOfPacked, type PackedEvent } from "./event-arena.ts";
import type { QueuedEvent } from "./queued-event.ts";
import type { RecordedEvent } from "./recorded-event.ts";

/** Events of a batch that may be written to the spool, and those that may not. */
export interface SpoolableBatch {
  readonly events: readonly EncodedEvent[];
  readonly refused: readonly RefusedEvent[];
}

/** How events are queued for one sink, and how they are given to it. */
export interface SinkInput<E extends QueuedEvent> {
  /**
   * Returns the event as it is queued.
   * @throws {Error} if the sink can never take the event; `code` and `hint` of the error, if present, reach the caller
   */
  queued(event: RecordedEvent): E;
  append(batch: readonly E[]): Promise<AppendResult>;
  /** Undefined if the sink cannot be written without returning to the event loop. */
  readonly appendSync: ((batch: readonly E[], deadlineMs: number) => AppendResult) | undefined;
  spoolable(batch: readonly E[]): SpoolableBatch;
  /** Gives the sink what the spool held. */
  replay(events: readonly EncodedEvent[]): Promise<AppendResult>;
}

const DURABLE = { durable: true } as const;

/** Queues the recorded objects themselves. */
export function entryInput(sink: EntrySink, codec: PlainCodec): SinkInput<RecordedEvent> {
  return {
    queued: (event) => event,
    append: (batch) => sink.append(batch, DURABLE),
    appendSync: sink.appendSync?.bind(sink),
    spoolable(batch) {
      const events: EncodedEvent[] = [];
      const refused: RefusedEvent[] = [];
      for (const entry of batch) {
        const { id, type } = entry;
        try {
          events.push({ id, type, text: codec.encode(entry) });
        } catch (cause) {
          refused.push(refusalOf(id, cause));
        }
      }
      return { events, refused };
    },
    replay: (events) => sink.append(codec.decode(events), DURABLE),
  };
}

/** Queues encoded lines, outside of the JavaScript heap. */
export function lineInput(sink: LineSink): SinkInput<PackedEvent> {
  const arena = new EventArena();
  const { codec } = sink;
  return {
    queued: (event) => arena.pack(event, codec.encode(event)),
    append: (batch) => sink.appendLines(linesOfPacked(batch), DURABLE),
    appendSync: sink.appendLinesSync && ((batch, deadlineMs) => sink.appendLinesSync!(linesOfPacked(batch), deadlineMs)),
    spoolable(batch) {
      const events: EncodedEvent[] = [];
      const refused: RefusedEvent[] = [];
      for (const { id, type, text } of batch) {
        const refusal = codec.refuse?.(text);
        if (refusal === undefined) events.push({ id, type, text });
        else refused.push({ id, ...refusal });
      }
      return { events, refused };
    },
    replay: (events) => sink.appendLines(linesOf(events), DURABLE),
  };
}

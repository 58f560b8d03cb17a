import type { AppendResult, AuditSink, RefusedEvent } from "../contracts/audit-sink.ts";
import { type EncodedEvent, type EventForm, refusalOf } from "../contracts/event-form.ts";
import type { Delivered } from "./delivered.ts";
import { type PackedEvent, PackedEvents, packedLines } from "./packed-events.ts";
import type { RecordedEvent } from "./recorded-event.ts";

/** How events wait for a sink and are given to it. What waits for one outlet is given to no other. */
export interface SinkOutlet {
  /**
   * The event as it waits.
   * @throws {Error} for an event the sink can never take, with `code` and `hint` where the error has them
   */
  take(event: RecordedEvent): Delivered;
  append(batch: readonly Delivered[]): Promise<AppendResult>;
  /** Undefined where the sink cannot be written without returning to the event loop. */
  readonly appendSync: ((batch: readonly Delivered[], deadlineMs: number) => AppendResult) | undefined;
  /** The events as they may lie in the spool, and those that may not. */
  spooled(batch: readonly Delivered[]): { readonly events: readonly EncodedEvent[]; readonly refused: readonly RefusedEvent[] };
}

const DURABLE = { durable: true } as const;

/** Events wait as they were recorded. */
export class EntryOutlet implements SinkOutlet {
  readonly appendSync: SinkOutlet["appendSync"];
  readonly #sink: AuditSink;
  readonly #spoolForm: EventForm | undefined;

  constructor(sink: AuditSink, spoolForm: EventForm | undefined) {
    this.#sink = sink;
    this.#spoolForm = spoolForm;
    if (sink.appendSync !== undefined) {
      this.appendSync = (batch, deadlineMs) => sink.appendSync!(batch as readonly RecordedEvent[], deadlineMs);
    }
  }

  take(event: RecordedEvent): Delivered {
    return event;
  }

  append(batch: readonly Delivered[]): Promise<AppendResult> {
    return this.#sink.append(batch as readonly RecordedEvent[], DURABLE);
  }

  spooled(batch: readonly Delivered[]) {
    const events: EncodedEvent[] = [];
    const refused: RefusedEvent[] = [];
    for (const entry of batch as readonly RecordedEvent[]) {
      const { id, type } = entry;
      try {
        events.push({ id, type, text: this.#spoolForm!.encode(entry) });
      } catch (cause) {
        refused.push(refusalOf(id, cause));
      }
    }
    return { events, refused };
  }
}

/** Events wait in the form of their store. */
export class FormOutlet implements SinkOutlet {
  readonly appendSync: SinkOutlet["appendSync"];
  readonly #form: EventForm;
  readonly #packed = new PackedEvents();

  constructor(form: EventForm) {
    this.#form = form;
    if (form.appendSync !== undefined) {
      this.appendSync = (batch, deadlineMs) => form.appendSync!(packedLines(batch as readonly PackedEvent[]), deadlineMs);
    }
  }

  take(event: RecordedEvent): Delivered {
    return this.#packed.pack(event, this.#form.encode(event));
  }

  append(batch: readonly Delivered[]): Promise<AppendResult> {
    return this.#form.append(packedLines(batch as readonly PackedEvent[]), DURABLE);
  }

  spooled(batch: readonly Delivered[]) {
    const events: EncodedEvent[] = [];
    const refused: RefusedEvent[] = [];
    for (const { id, type, text } of batch as readonly PackedEvent[]) {
      const refusal = this.#form.spoolRefusal?.(text);
      if (refusal === undefined) events.push({ id, type, text });
      else refused.push({ id, ...refusal });
    }
    return { events, refused };
  }
}

import type { AppendOptions, AppendResult, AuditSink, LineSink } from "./audit-sink.ts";
import { type EncodedEvent, linesOf, refusalOf } from "./event-codec.ts";
import type { RefusedEvent, SinkEntry } from "./sink-entry.ts";

/**
 * Gives a batch to any sink, whichever form it takes: for tests, imports and jobs that use a store without a log.
 * @throws {Error} if nothing of the batch is stored
 * @example
 * ```ts
 * import { memoryStore, noteRecorded } from "@daybook/core";
 * import { appendEntries, uuidV7 } from "@daybook/core/store";
 *
 * const event = {
 *   id: uuidV7(Date.now()),
 *   time: new Date().toISOString(),
 *   type: "custom",
 *   action: "note.recorded",
 *   severity: "info",
 *   outcome: "success",
 *   actor: { kind: "system" },
 *   data: { note: "imported" },
 * } as const;
 * await appendEntries(memoryStore(), [{ event, definition: noteRecorded }], { durable: true });
 * ```
 */
export async function appendEntries(sink: AuditSink, batch: readonly SinkEntry[], options: AppendOptions): Promise<AppendResult> {
  if (sink.codec === undefined) return sink.append(batch, options);
  const { events, refused } = encoded(sink, batch);
  return withRefused(await sink.appendLines(linesOf(events), options), refused);
}

/**
 * `appendEntries` without returning to the event loop; undefined if the sink cannot do that.
 * @throws {DaybookError} if the batch could not be written within `deadlineMs`
 */
export function appendEntriesSync(sink: AuditSink, batch: readonly SinkEntry[], deadlineMs: number): AppendResult | undefined {
  if (sink.codec === undefined) return sink.appendSync?.(batch, deadlineMs);
  if (sink.appendLinesSync === undefined) return undefined;
  const { events, refused } = encoded(sink, batch);
  return withRefused(sink.appendLinesSync(linesOf(events), deadlineMs), refused);
}

function encoded({ codec }: LineSink, batch: readonly SinkEntry[]) {
  const events: EncodedEvent[] = [];
  const refused: RefusedEvent[] = [];
  for (const entry of batch) {
    const { id, type } = entry.event;
    try {
      events.push({ id, type, text: codec.encode(entry) });
    } catch (cause) {
      refused.push(refusalOf(id, cause));
    }
  }
  return { events, refused };
}

const withRefused = (result: AppendResult, refused: readonly RefusedEvent[]): AppendResult =>
  refused.length === 0 ? result : { refused: [...refused, ...result.refused] };

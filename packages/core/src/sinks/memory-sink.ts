import type { AppendResult, EntrySink } from "../contracts/audit-sink.ts";
import type { SinkEntry } from "../contracts/sink-entry.ts";
import type { AuditEvent } from "../events/audit-event.ts";

/** A sink that keeps its events for a test. */
export interface MemorySink extends EntrySink {
  /** Events in the order of recording. */
  readonly events: readonly AuditEvent[];
  clear(): void;
}

/** Options of `memorySink`. */
export interface MemorySinkOptions {
  /** Most events kept; older ones are dropped. Default 10 000. */
  readonly maxEvents?: number;
}

/** A sink that keeps events in memory, for tests. Not durable. */
export function memorySink({ maxEvents = 10_000 }: MemorySinkOptions = {}): MemorySink {
  const events: AuditEvent[] = [];
  const ids = new Set<string>();
  const append = (batch: readonly SinkEntry[]) => {
    for (const { event } of batch) {
      if (ids.has(event.id)) continue;
      ids.add(event.id);
      events.push(event);
    }
    for (const gone of events.splice(0, Math.max(0, events.length - maxEvents))) ids.delete(gone.id);
    return { refused: [] };
  };
  return {
    ...inMemory(append),
    events,
    clear() {
      events.length = 0;
      ids.clear();
    },
  };
}

/** The members that sinks in memory share. */
export const inMemory = (append: (batch: readonly SinkEntry[]) => AppendResult): EntrySink => ({
  name: "memory",
  supports: { erasure: "none", durable: false, idempotent: true },
  append: async (batch) => append(batch),
  appendSync: append,
  close: async () => undefined,
});

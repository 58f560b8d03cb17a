/** A complete store: one JSON object per line in a file, read back at start. For small trails; it declares no erasure and has no proofs. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { DaybookError, type EventFilter, type Page, type PageOptions, type StoredEvent } from "@daybook/core";
import {
  type AppendOptions,
  type AppendResult,
  type AuditStore,
  type CountKey,
  matchesFilter,
  pageOptions,
  type SinkEntry,
} from "@daybook/core/store";

export function lineStore(path: string): AuditStore {
  const events = existsSync(path) ? recovered(path) : [];
  const ids = new Set(events.map(({ id }) => id));
  const file = openSync(path, "a", 0o600);

  return {
    name: "lines",
    supports: { erasure: "none", durable: true, idempotent: true },

    async append(batch: readonly SinkEntry[], { durable }: AppendOptions): Promise<AppendResult> {
      // An event given twice, as after a failure half-way, is kept once.
      const added = batch.filter(({ event }, i) => !ids.has(event.id) && batch.findIndex((other) => other.event.id === event.id) === i);
      const stored = added.map(({ event }, i): StoredEvent => ({ ...event, seq: events.length + i, state: "full" }));
      // First the disk, then the memory: what failed was not there.
      try {
        writeSync(file, stored.map((event) => `${JSON.stringify(event)}\n`).join(""));
        if (durable) fsyncSync(file);
      } catch (cause) {
        throw new DaybookError("SINK_FAILED", `${path} cannot be written; try again later.`, { cause });
      }
      for (const event of stored) {
        events.push(event);
        ids.add(event.id);
      }
      return { refused: [] };
    },

    async query(filter: EventFilter = {}, options: PageOptions = {}): Promise<Page> {
      const { limit, order, from } = pageOptions(options);
      const ordered = order === "oldest" ? events : events.toReversed();
      const rest = from === undefined ? ordered : ordered.filter(({ seq }) => (order === "oldest" ? seq > from : seq < from));
      const found = rest.filter((event) => matchesFilter(event, filter));
      const page = found.slice(0, limit);
      return found.length > limit ? { events: page, next: String(page.at(-1)!.seq) } : { events: page };
    },

    async *scan(filter: EventFilter = {}, { order = "newest" }: { readonly order?: "newest" | "oldest" } = {}) {
      for (const event of order === "oldest" ? [...events] : events.toReversed()) if (matchesFilter(event, filter)) yield event;
    },

    async count(filter: EventFilter = {}): Promise<number> {
      return events.filter((event) => matchesFilter(event, filter)).length;
    },

    async countBy(key: CountKey, filter: EventFilter = {}): Promise<ReadonlyMap<string, number>> {
      const counts = new Map<string, number>();
      for (const event of events) {
        const value = key === "route" ? event.request?.route : event[key];
        if (value !== undefined && matchesFilter(event, filter)) counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      return new Map([...counts].sort((a, b) => b[1] - a[1]));
    },

    close: once(async () => closeSync(file)),
  };
}

/** The lines that were written to their end. After a crash the last one may be a piece, which would spoil the next one. */
function recovered(path: string): StoredEvent[] {
  const text = readFileSync(path, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole !== text) truncateSync(path, Buffer.byteLength(whole));
  return whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as StoredEvent);
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}

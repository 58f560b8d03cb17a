import type { AuditSink } from "./audit-sink.ts";
import type { CountKey, EventFilter, Page, PageOptions, StoredEvent } from "./event-filter.ts";

/** A sink that can be asked. */
export interface AuditStore extends AuditSink {
  /** One page by key: its cost does not grow with depth. */
  query(filter?: EventFilter, options?: PageOptions): Promise<Page>;
  /** All matching events in constant memory, page by page, so that no reader stays open in between. */
  scan(filter?: EventFilter, options?: { readonly order?: "newest" | "oldest" }): AsyncIterable<StoredEvent>;
  count(filter?: EventFilter): Promise<number>;
  /** Number of matching events for each value of a field, most first. */
  countBy(key: CountKey, filter?: EventFilter): Promise<ReadonlyMap<string, number>>;
}

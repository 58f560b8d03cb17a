import type { CountKey, EventFilter, Page, PageOptions, StoredEvent } from "../query/event-filter.ts";
import type { AuditSink } from "./audit-sink.ts";
import type { EventForm } from "./event-form.ts";

/** A sink that can be asked. */
export interface AuditStore extends AuditSink {
  /**
   * Where events may lie on disk while the store takes none: a path beside the data, such as `data/audit.db.spool`, to which the log
   * adds the name of its run. Absent: no spool unless the application names a place.
   */
  readonly spoolPath?: string | undefined;
  /** How the store wants events to wait for it and to be given to it. Absent: as they were recorded, by `append`. */
  readonly eventForm?: EventForm | undefined;
  /** One page by key: its cost does not grow with depth. */
  query(filter?: EventFilter, options?: PageOptions): Promise<Page>;
  /** All matching events in constant memory, page by page, so that no reader stays open in between. */
  scan(filter?: EventFilter, options?: { readonly order?: "newest" | "oldest" }): AsyncIterable<StoredEvent>;
  count(filter?: EventFilter): Promise<number>;
  /** Number of matching events for each value of a field, most first. */
  countBy(key: CountKey, filter?: EventFilter): Promise<ReadonlyMap<string, number>>;
}

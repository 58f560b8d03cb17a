import { DEFAULT_RETENTION_PERIODS, type RetentionPeriods } from "../events/retention-class.ts";
import type { CountKey, EventFilter, Page, PageOptions, StoredEvent } from "../query/event-filter.ts";
import type { AuditSink } from "./audit-sink.ts";

/** Queries of a store. */
export interface AuditReader {
  /** Returns one page by key; its cost does not grow with depth. Default order: newest first. */
  query(filter?: EventFilter, options?: PageOptions): Promise<Page>;
  /**
   * All matching events in constant memory, page by page, so that no reader stays open in between.
   * @param options `order` defaults to `newest`, as for `query`
   */
  scan(filter?: EventFilter, options?: { readonly order?: "newest" | "oldest" }): AsyncIterable<StoredEvent>;
  count(filter?: EventFilter): Promise<number>;
  /** Number of matching events for each value of a field, most first. */
  countBy(key: CountKey, filter?: EventFilter): Promise<ReadonlyMap<string, number>>;
  /**
   * Returns the periods in force now, so that a person reads the period that the log really applies. A store MUST have it if its
   * periods can differ from `DEFAULT_RETENTION_PERIODS`. Default: those.
   */
  retentionPeriods?(): Promise<RetentionPeriods>;
}

/** Place of the spool that a store proposes. */
export interface SpoolPlaced {
  /**
   * Path of the spool files, which take events while the store takes none: a path beside the data, such as `data/audit.db.spool`, to
   * which the log adds the name of its run. Default: no spool, unless the application names a place.
   */
  readonly spoolPath?: string | undefined;
}

/** A sink that can also be queried. */
export type AuditStore = AuditSink & AuditReader & SpoolPlaced;

/** The retention periods in force in a store, or the default ones if it has no others. */
export async function retentionPeriodsOf(store: Pick<AuditReader, "retentionPeriods">): Promise<RetentionPeriods> {
  return (await store.retentionPeriods?.()) ?? DEFAULT_RETENTION_PERIODS;
}

import type { EntrySink } from "../contracts/audit-sink.ts";
import type { AuditReader } from "../contracts/audit-store.ts";
import { defined } from "../defined.ts";
import type { AuditEvent } from "../events/audit-event.ts";
import type { CountKey, EventFilter, Page, PageOptions, StoredEvent } from "../query/event-filter.ts";
import { matchesFilter } from "../query/event-match.ts";
import { pageOptions } from "../query/page-options.ts";
import { inMemory } from "./memory-sink.ts";

/** A store in memory. */
export interface MemoryStore extends EntrySink, AuditReader {
  /** All stored events, oldest first. */
  readonly events: readonly StoredEvent[];
}

/**
 * Makes a store without file, durability or proofs: for tests of an application and for first experiments.
 * @example
 * ```ts
 * import { createAuditLog, loginSucceeded, memoryStore } from "@daybook/core";
 *
 * const store = memoryStore();
 * const audit = createAuditLog({ store });
 * await audit.record(loginSucceeded, { actor: { kind: "user", id: "ada" } }).stored;
 * console.log(await store.count({ user: "ada" })); // 1
 * ```
 */
export function memoryStore(): MemoryStore {
  const events: StoredEvent[] = [];
  const ids = new Set<string>();

  const append = (batch: readonly { readonly event: AuditEvent }[]) => {
    for (const { event } of batch) {
      if (ids.has(event.id)) continue;
      ids.add(event.id);
      events.push({ ...event, seq: events.length, state: "full" });
    }
    return { refused: [] };
  };
  const countedValue = (event: StoredEvent, key: CountKey) => (key === "route" ? event.request?.route : event[key]);

  return {
    ...inMemory(append),
    events,
    async query(filter: EventFilter = {}, options: PageOptions = {}): Promise<Page> {
      const { limit, order, from } = pageOptions(options);
      const found: StoredEvent[] = [];
      const step = order === "newest" ? -1 : 1;
      let at = from !== undefined ? from + step : order === "newest" ? events.length - 1 : 0;
      for (; at >= 0 && at < events.length; at += step) {
        const event = events[at];
        if (event === undefined || !matchesFilter(event, filter)) continue;
        if (found.length === limit) return { events: found, next: String(found.at(-1)?.seq) };
        found.push(event);
      }
      return { events: found };
    },
    async *scan(filter: EventFilter = {}, { order = "newest" } = {}) {
      let cursor: string | undefined;
      do {
        const page: Page = await this.query(filter, { limit: 1000, order, ...defined({ cursor }) });
        yield* page.events;
        cursor = page.next;
      } while (cursor !== undefined);
    },
    async count(filter: EventFilter = {}) {
      return events.reduce((n, event) => n + (matchesFilter(event, filter) ? 1 : 0), 0);
    },
    async countBy(key, filter: EventFilter = {}) {
      const counts = new Map<string, number>();
      for (const event of events) {
        const value = matchesFilter(event, filter) ? countedValue(event, key) : undefined;
        if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      return new Map([...counts].sort((a, b) => b[1] - a[1]));
    },
  };
}

import { type AuditEvent, type EventFilter, isDaybookError, type Page, type StoredEvent } from "@daybook/core";
import { type AuditStore, appendEntries, DEFAULT_RETENTION_PERIODS, defined, matchesFilter, type SinkEntry } from "@daybook/core/store";
import { describe, expect, it, onTestFinished } from "vitest";
import { describeAuditSink, type SinkUnderTest } from "./audit-sink-suite.ts";
import { present } from "./present.ts";
import { idsOf, numbered, sampleEntry, sampleRecorded } from "./sample-events.ts";

/** A new store for one test. */
export interface StoreUnderTest {
  /** The store. */
  readonly store: AuditStore;
  /** Closes the store and opens its data again. Absent if nothing outlives a store. */
  readonly reopen?: () => Promise<StoreUnderTest>;
  /** An event that this store always refuses. Absent if it takes every event. */
  readonly unacceptable?: SinkEntry;
}

const DURABLE = { durable: true } as const;
const SAMPLES: EventFilter = { type: sampleRecorded.type };
const HOUR = 3_600_000;
const NOON = Date.parse("2026-11-24T12:00:00.000Z");

/**
 * Runs the contract `AuditStore` as tests, including the contract of a sink.
 * @param open returns a new, empty store each time; records of its own may be in it
 * @example
 * ```ts
 * import { memoryStore } from "@daybook/core";
 * import { describeAuditStore } from "@daybook/testkit";
 *
 * describeAuditStore("memory", async () => ({ store: memoryStore() }));
 * ```
 */
export function describeAuditStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describeAuditSink(name, async () => asSink(await open()));

  const opened = async (...batches: readonly (readonly SinkEntry[])[]): Promise<AuditStore> => {
    const { store } = await open();
    onTestFinished(() => store.close());
    for (const batch of batches) await appendEntries(store, batch, DURABLE);
    return store;
  };

  describe(`AuditStore contract: ${name}`, () => {
    it("gives back every field it was given", async () => {
      const entry = sampleEntry({
        time: "2026-11-24T12:00:00.123Z",
        severity: "warning",
        outcome: "partial",
        actor: { kind: "ai_agent", id: "agent-7", ip: "203.0.113.0", userAgent: "curl 8", about: { model: "m", level: 3 } },
        subjects: [
          { id: "ada", role: "subject", about: { card: "12" } },
          { id: "bob", role: "target" },
        ],
        resource: { type: "book", id: "dune" },
        purpose: "lending",
        reason: "counter",
        tenant: "north",
        request: {
          id: "r-1",
          traceId: "0af7651916cd43dd8448eb211c80319c",
          spanId: "b7ad6b7169203331",
          method: "GET",
          route: "/books/:id",
          status: 200,
          durationMs: 12,
        },
        data: { title: "Dune", who: "Ada", nested: { list: [1, "two", null, true] }, zero: 0, empty: "" },
        error: { code: "E_LATE", message: "too late" },
        service: "library",
        instance: "node-1",
      });
      const store = await opened([entry]);
      const { events } = await store.query(SAMPLES);
      const { seq, state, ...fields } = present(events[0]);
      const { sub: _sub, ...actor } = fields.actor as AuditEvent["actor"] & { readonly sub?: string };
      expect({ ...fields, actor }).toEqual(entry.event);
      expect({ seq: Number.isSafeInteger(seq), state }).toEqual({ seq: true, state: "full" });
    });

    it("numbers its records from 0 without gaps", async () => {
      const store = await opened(numbered(0, 10), numbered(10, 600));
      const all = await collect(store.scan({}, { order: "oldest" }));
      expect(all.map((event) => event.seq)).toEqual(Array.from({ length: all.length }, (_, i) => i));
      expect(all.filter((event) => event.type === sampleRecorded.type).map((event) => event.data?.n)).toEqual(
        Array.from({ length: 610 }, (_, i) => i),
      );
    });

    it("continues its numbers when it is reopened", async ({ skip }) => {
      const subject = await open();
      onTestFinished(() => subject.store.close());
      if (subject.reopen === undefined) skip("nothing outlives it");
      await appendEntries(subject.store, numbered(0, 5), DURABLE);
      const { store } = await subject.reopen!();
      onTestFinished(() => store.close());
      await appendEntries(store, numbered(5, 5), DURABLE);
      const all = await collect(store.scan());
      expect(all.map((event) => event.seq).toSorted((a, b) => a - b)).toEqual(Array.from({ length: all.length }, (_, i) => i));
      const samples = await collect(store.scan(SAMPLES, { order: "oldest" }));
      expect(samples.map((event) => event.data?.n)).toEqual(Array.from({ length: 10 }, (_, i) => i));
    });

    describe("asked with a filter", () => {
      const people = ["ada", "bob", "eve", undefined] as const;
      const population = (): SinkEntry[] =>
        Array.from({ length: 48 }, (_, i) => {
          const actor = people[i % 4];
          const subject = people[(i >> 2) % 4];
          return sampleEntry({
            time: new Date(NOON + i * HOUR).toISOString(),
            severity: (["info", "warning", "error", "critical"] as const)[i % 4]!,
            outcome: (["success", "failure", "denied", "partial"] as const)[(i >> 1) % 4]!,
            actor: actor === undefined ? { kind: "anonymous" } : { kind: "user", id: actor },
            ...(subject === undefined || subject === actor
              ? {}
              : { subjects: [{ id: subject, role: i % 2 === 0 ? ("subject" as const) : ("target" as const) }] }),
            ...(i % 3 === 0 ? {} : { tenant: i % 3 === 1 ? "north" : "south" }),
            request: { id: `r-${i % 5}`, route: i % 2 === 0 ? "/books/:id" : "/search" },
            data: { n: i },
          });
        });
      const FILTERS: readonly EventFilter[] = [
        {},
        { severity: "warning" },
        { severity: ["error", "critical"], outcome: "denied" },
        { action: "sample.recorded" },
        { action: ["no.such", "none.either"] },
        { user: "ada" },
        { actor: "ada" },
        { user: "bob", severity: "info" },
        { user: "unknown" },
        { requestId: "r-3" },
        { tenant: "north" },
        { tenant: "south", actor: "eve" },
        { route: "/search", outcome: ["success", "failure"] },
        { since: NOON + 10 * HOUR },
        { until: NOON + 10 * HOUR },
        { since: NOON + 10 * HOUR, until: NOON + 20 * HOUR, user: "eve" },
      ];

      it.each(FILTERS)("%j: returns, counts and scans the matching records", async (filter) => {
        const entries = population();
        const store = await opened(entries);
        const wanted: EventFilter = { ...SAMPLES, ...filter };
        const expected = idsOf(entries.filter(({ event }) => matchesFilter({ ...event, seq: 0, state: "full" }, wanted)));
        const { events } = await store.query(wanted, { limit: 1000, order: "oldest" });
        expect(events.map((event) => event.id)).toEqual(expected);
        expect(await store.count(wanted)).toBe(expected.length);
        expect((await collect(store.scan(wanted, { order: "oldest" }))).map((event) => event.id)).toEqual(expected);
        expect((await collect(store.scan(wanted, { order: "newest" }))).map((event) => event.id)).toEqual(expected.toReversed());
      });

      it("follows the log with `after`", async () => {
        const store = await opened(numbered(0, 10));
        const all = (await store.query(SAMPLES, { order: "oldest" })).events;
        const later = await store.query({ ...SAMPLES, after: present(all[6]).seq }, { order: "oldest" });
        expect(later.events.map((event) => event.data?.n)).toEqual([7, 8, 9]);
      });

      it.each(["type", "action", "severity", "outcome", "route"] as const)("counts by %s, most first", async (key) => {
        const entries = population();
        const store = await opened(entries);
        const expected = new Map<string, number>();
        for (const { event } of entries) {
          const value = key === "route" ? present(event.request?.route) : event[key];
          expected.set(value, (expected.get(value) ?? 0) + 1);
        }
        const counted = await store.countBy(key, SAMPLES);
        expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(expected));
        expect([...counted.values()]).toEqual([...counted.values()].toSorted((a, b) => b - a));
      });
    });

    describe("read page by page", () => {
      it.each([
        ["newest", 1],
        ["newest", 7],
        ["newest", 25],
        ["oldest", 1],
        ["oldest", 7],
        ["oldest", 25],
      ] as const)("%s first, %d a page: gives every record once", async (order, limit) => {
        const store = await opened(numbered(0, 25));
        const pages = await pagesOf(store, order, limit);
        const numbers = pages.flatMap((page) => page.events.map((event) => event.data?.n));
        const ascending = Array.from({ length: 25 }, (_, i) => i);
        expect(numbers).toEqual(order === "oldest" ? ascending : ascending.toReversed());
        expect(pages.slice(0, -1).every((page) => page.events.length === limit && page.next !== undefined)).toBe(true);
        expect(present(pages.at(-1)).next).toBeUndefined();
      });

      it("returns the newest hundred by default", async () => {
        const store = await opened(numbered(0, 150));
        const { events, next } = await store.query(SAMPLES);
        expect([events.length, present(events[0]).data?.n, next !== undefined]).toEqual([100, 149, true]);
      });

      it("is not disturbed by what is added meanwhile", async () => {
        const store = await opened(numbered(0, 20));
        const first = await store.query(SAMPLES, { limit: 10, order: "newest" });
        await appendEntries(store, numbered(20, 20), DURABLE);
        const second = await store.query(SAMPLES, { limit: 10, order: "newest", cursor: present(first.next) });
        expect(second.events.map((event) => event.data?.n)).toEqual(Array.from({ length: 10 }, (_, i) => 9 - i));
      });

      it.each([{ limit: 0 }, { limit: 1001 }, { limit: 2.5 }, { cursor: "no cursor" }, { order: "up" }])(
        "refuses %j with a code",
        async (options) => {
          const store = await opened();
          const failure: unknown = await store.query({}, options as never).catch((cause: unknown) => cause);
          expect(isDaybookError(failure) && failure.code).toBe("BAD_FILTER");
        },
      );

      it("takes writes during a read", async () => {
        const store = await opened(numbered(0, 1_500));
        const seen: StoredEvent[] = [];
        for await (const event of store.scan(SAMPLES, { order: "oldest" })) {
          if (seen.push(event) === 10) await appendEntries(store, numbered(1_500, 5), DURABLE);
          if (seen.length >= 1_500) break;
        }
        expect(seen.slice(0, 1_500).map((event) => event.data?.n)).toEqual(Array.from({ length: 1_500 }, (_, i) => i));
        expect(await store.count(SAMPLES)).toBe(1_505);
      });
    });

    it("has a period for each default retention class", async ({ skip }) => {
      const store = await opened();
      if (store.retentionPeriods === undefined) return skip("its periods are the default ones");
      const periods = await store.retentionPeriods();
      for (const number of DEFAULT_RETENTION_PERIODS.keys()) expect([number, periods.get(number)]).toEqual([number, expect.any(Number)]);
    });

    it("gives the newest first, by query and by scan", async () => {
      const batch = numbered(0, 5);
      const store = await opened(batch);
      const newestFirst = batch.map(({ event }) => event.id).reverse();
      expect((await store.query(SAMPLES)).events.map(({ id }) => id)).toEqual(newestFirst);
      expect((await collect(store.scan(SAMPLES))).map(({ id }) => id)).toEqual(newestFirst);
    });

    it("takes encoded lines without a removed person", async ({ skip }) => {
      const store = await opened();
      if (store.codec === undefined) return skip("it takes entries");
      const { codec } = store;
      const entries = ["ada-lovelace", "bob", "Zoë\t\n\u2028"].map((id) =>
        sampleEntry({ actor: { kind: "user", id }, data: { title: "Dune", who: `known as ${id}` } }),
      );
      const texts = entries.map((entry) => codec.encode(entry));
      expect(texts.every((text) => !text.includes("\n"))).toBe(true);
      const forgotten = texts.map((text) => codec.forget(text, ["ada-lovelace"]));
      expect(forgotten.slice(1)).toEqual(texts.slice(1));
      expect(forgotten[0]).not.toContain("ada-lovelace");
      const lines = () => Buffer.from(forgotten.flatMap((text) => (text === undefined ? [] : [`${text}\n`])).join(""));
      expect(await store.appendLines(lines(), DURABLE)).toEqual({ refused: [] });
      expect(await store.appendLines(lines(), DURABLE)).toEqual({ refused: [] });
      if (store.appendLinesSync !== undefined) expect(store.appendLinesSync(lines(), 5_000)).toEqual({ refused: [] });
      const { events } = await store.query(SAMPLES, { order: "oldest" });
      expect(events.map((event) => [event.id, event.actor?.id])).toEqual([
        [present(entries[0]).event.id, undefined],
        [present(entries[1]).event.id, "bob"],
        [present(entries[2]).event.id, "Zoë\t\n\u2028"],
      ]);
    });
  });
}

function asSink({ store, reopen, unacceptable }: StoreUnderTest): SinkUnderTest {
  return {
    sink: store,
    stored: () => collect(store.scan(SAMPLES, { order: "oldest" })),
    ...(reopen === undefined ? {} : { reopen: async () => asSink(await reopen()) }),
    ...defined({ unacceptable }),
  };
}

async function collect(events: AsyncIterable<StoredEvent>): Promise<StoredEvent[]> {
  const all: StoredEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

async function pagesOf(store: AuditStore, order: "newest" | "oldest", limit: number): Promise<Page[]> {
  const pages: Page[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.query(SAMPLES, { order, limit, ...defined({ cursor }) });
    pages.push(page);
    cursor = page.next;
  } while (cursor !== undefined);
  return pages;
}

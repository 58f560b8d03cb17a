import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AuditEvent, defineEvent, type EventFilter, type StoredEvent } from "@daybook/core";
import { appendEntries, COUNT_KEYS, uuidV7 } from "@daybook/core/store";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSqliteReader, openSqliteStore, type SqliteReader, type SqliteStore } from "../src/index.ts";

/** Two complete buckets of 4,096 and most of a third. */
const EVENTS = 11_000;
const FIRST = Date.UTC(2026, 10, 1, 9);
const STEP_MS = 2_500;

const TYPES = ["query", "endpoint", "admin_action"] as const;
const ACTIONS = ["book.found", "book.lent", "shelf.moved"];
const SEVERITIES = ["info", "warning", "critical"] as const;
const OUTCOMES = ["success", "failure", "denied"] as const;
const ROUTES = ["/books/:id", "/shelves", "/10"];
const definitions = TYPES.flatMap((type) => ACTIONS.map((action) => defineEvent({ type, action })));

/** Values that depend on each other little, some of them rare. */
function eventOf(n: number): AuditEvent {
  const pick = <T>(values: readonly T[], of: number): T => values[of % 97 === 0 ? 2 : of % 5 === 0 ? 1 : 0] as T;
  // Every hundredth event came late, as after an outage.
  const time = FIRST + (n % 100 === 99 ? n - 5_000 : n) * STEP_MS;
  return {
    id: uuidV7(FIRST + n * STEP_MS),
    time: new Date(time).toISOString(),
    type: pick(TYPES, n * 3 + 1),
    action: pick(ACTIONS, n * 7 + 2),
    severity: pick(SEVERITIES, n * 11 + 3),
    outcome: pick(OUTCOMES, n * 13 + 4),
    actor: { kind: "user", id: n > 3_000 && n < 6_000 && n % 3 === 0 ? "ada" : `reader-${n % 50}` },
    ...(n % 4 === 0 ? {} : { request: { id: `r-${n}`, method: "GET", route: pick(ROUTES, n * 17 + 5), status: 200 } }),
  };
}

const folder = mkdtempSync(join(tmpdir(), "daybook-search-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let store: SqliteStore;
let reader: SqliteReader;
const all: StoredEvent[] = [];

beforeAll(async () => {
  store = await openSqliteStore({ path: join(folder, "audit.db"), anchors: [], onNotice: () => undefined });
  const events = Array.from({ length: EVENTS }, (_, n) => eventOf(n));
  for (let n = 0; n < EVENTS; n += 500) {
    const batch = events.slice(n, n + 500).map((event) => {
      const definition = definitions.find(({ type, action }) => type === event.type && action === event.action);
      return { definition: definition as (typeof definitions)[number], event };
    });
    expect(await appendEntries(store, batch, { durable: true })).toEqual({ refused: [] });
  }
  // Heads of several buckets go, and the summaries are written again.
  await store.erase("ada", { scope: "full" });
  for await (const event of store.scan({}, { order: "oldest" })) all.push(event);
  reader = await openSqliteReader({ path: join(folder, "audit.db") });
}, 120_000);
afterAll(async () => {
  await reader.close();
  await store.close();
});

const some = <T>(values: readonly T[]) => fc.oneof(fc.constantFrom(...values), fc.subarray([...values], { minLength: 1 }));
const time = fc.integer({ min: -1_000, max: EVENTS + 1_000 }).map((n) => FIRST + n * STEP_MS);
const filter = fc.record(
  {
    type: some([...TYPES, "compliance"]),
    action: some([...ACTIONS, "no.such"]),
    severity: some(SEVERITIES),
    outcome: some(OUTCOMES),
    route: fc.constantFrom(...ROUTES, "/none"),
    since: time,
    until: time,
    after: fc.integer({ min: -1, max: EVENTS + 10 }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<EventFilter>;

/** The meaning of a filter, event by event. */
function matches(event: StoredEvent, { type, action, severity, outcome, route, since, until, after }: EventFilter): boolean {
  const among = (value: string | undefined, wanted: string | readonly string[] | undefined) =>
    wanted === undefined || (value !== undefined && (typeof wanted === "string" ? [wanted] : wanted).includes(value));
  const at = event.time === undefined ? undefined : Date.parse(event.time);
  return (
    among(event.type, type) &&
    among(event.action, action) &&
    among(event.severity, severity) &&
    among(event.outcome, outcome) &&
    among(event.request?.route, route) &&
    (since === undefined || (at !== undefined && at >= since)) &&
    (until === undefined || (at !== undefined && at < until)) &&
    (after === undefined || event.seq > after)
  );
}

describe("a search over complete and open buckets", () => {
  it("finds and counts what a look at every event finds", { timeout: 120_000 }, async () => {
    expect(all.filter(({ state }) => state === "empty").length).toBeGreaterThan(900);
    await fc.assert(
      fc.asyncProperty(
        filter,
        fc.constantFrom("newest" as const, "oldest" as const),
        fc.integer({ min: 1, max: 700 }),
        fc.constantFrom(...COUNT_KEYS),
        async (wanted, order, limit, key) => {
          const expected = all.filter((event) => matches(event, wanted));
          const ordered = (order === "oldest" ? expected : expected.toReversed()).map(({ seq }) => seq);
          const pages: number[] = [];
          let cursor: string | undefined;
          // Three pages are enough; the rest is read at once.
          for (let page = 0; page < 3; page++) {
            const { events, next } = await store.query(wanted, { order, limit, ...(cursor === undefined ? {} : { cursor }) });
            pages.push(...events.map(({ seq }) => seq));
            cursor = next;
            if (next === undefined) break;
          }
          expect(pages).toEqual(ordered.slice(0, pages.length));
          expect(cursor === undefined).toBe(pages.length === ordered.length);
          const rows: number[] = [];
          for await (const { seq } of store.scan(wanted, { order })) rows.push(seq);
          expect(rows).toEqual(ordered);
          const exported: number[] = [];
          for await (const block of reader.rows(wanted, { order })) for (const { seq } of block) exported.push(seq);
          expect(exported).toEqual(ordered);
          expect(await store.count(wanted)).toBe(expected.length);
          const counts = new Map<string, number>();
          for (const event of expected) {
            const value = key === "route" ? event.request?.route : event[key];
            if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
          }
          expect(new Map([...(await store.countBy(key, wanted))].sort())).toEqual(new Map([...counts].sort()));
        },
      ),
      { numRuns: 120 },
    );
  });
});

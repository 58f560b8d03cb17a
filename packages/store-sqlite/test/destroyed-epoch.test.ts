import { join } from "node:path";
import { type AuditEvent, queryReceived } from "@daybook/core";
import { appendEntries, uuidV7 } from "@daybook/core/store";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { addPseudonymEpoch, destroyPseudonymEpoch, openSqliteStore } from "../src/index.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

/** More than one bucket of references. */
const EVENTS = 16_500;

const open = (path: string) => openSqliteStore({ path, anchors: [], retention: "manual", onNotice: () => undefined });

async function append(path: string, events: number, first = 0): Promise<void> {
  const store = await open(path);
  const start = Date.now() - EVENTS;
  const event = (n: number): AuditEvent => ({
    id: uuidV7(start + n),
    time: new Date(start + n).toISOString(),
    type: "query",
    action: "search.run",
    severity: "info",
    outcome: "success",
    actor: { kind: "user", id: `reader-${n % 500}` },
    tenant: `library-${n % 5}`,
  });
  for (let n = first; n < first + events; n += 500) {
    await appendEntries(
      store,
      Array.from({ length: Math.min(500, events) }, (_, k) => ({ definition: queryReceived, event: event(n + k) })),
      { durable: true },
    );
  }
  await store.close();
}

function referencesIn(path: string): number {
  const db = new Database(path, { readonly: true });
  const count = db.prepare<[], number>("SELECT count(*) FROM daybook_ref WHERE part > 0").pluck().get()!;
  db.close();
  return count;
}

describe("a log with a destroyed key epoch", () => {
  it("verifies without links to persons of that epoch", async () => {
    const path = join(temporaryFolder(), "audit.db");
    await append(path, EVENTS);
    addPseudonymEpoch(path);
    destroyPseudonymEpoch(path, "1");
    const store = await open(path);
    try {
      expect([await store.count({ user: "reader-7" }), (await store.planErasure("reader-7")).erase]).toEqual([0, 0]);
      expect((await store.verify()).findings).toEqual([]);
    } finally {
      await store.close();
    }
  }, 60_000);

  it("loses all references of an erased person", async () => {
    const path = join(temporaryFolder(), "audit.db");
    await append(path, 100);
    addPseudonymEpoch(path);
    await append(path, EVENTS - 100, 100);
    destroyPseudonymEpoch(path, "1");
    const db = new Database(path);
    // The process that closes a bucket computes its tenants with its own keys, which may be older than those of a
    // row.
    const { changes } = db
      .prepare(
        `UPDATE daybook_ref SET key = key + 1 WHERE part > 0 AND key IN (SELECT key FROM daybook_ref WHERE part > 0 GROUP BY key HAVING count(*) > 1000)`,
      )
      .run();
    expect(changes).toBeGreaterThan(EVENTS / 2);
    db.close();
    const store = await open(path);
    try {
      expect((await store.verify()).findings).toEqual([]);
      const before = referencesIn(path);
      const { erased } = await store.erase("reader-250");
      expect(erased).toBe(33);
      // One reference of the person and one of the tenant for each part in the closed bucket.
      expect(before - referencesIn(path)).toBe(2 * 33);
      expect((await store.verify()).findings).toEqual([]);
    } finally {
      await store.close();
    }
  }, 60_000);

  it("still reports a reference without a person", async () => {
    const path = join(temporaryFolder(), "audit.db");
    await append(path, EVENTS);
    addPseudonymEpoch(path);
    destroyPseudonymEpoch(path, "1");
    const db = new Database(path);
    db.exec("INSERT INTO daybook_ref SELECT bucket, key + 1, seq, part FROM daybook_ref WHERE part = 1 LIMIT 1");
    db.exec("INSERT INTO daybook_ref SELECT bucket, key, seq, 9 FROM daybook_ref WHERE part = 1 LIMIT 1");
    db.close();
    const store = await open(path);
    try {
      expect((await store.verify()).findings).toMatchObject([{ code: "INDEX_DAMAGED", count: 2 }]);
    } finally {
      await store.close();
    }
  }, 60_000);
});

import { join } from "node:path";
import { type AuditEvent, queryReceived } from "@daybook/core";
import { appendEntries, uuidV7 } from "@daybook/core/store";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { addPseudonymEpoch, destroyPseudonymEpoch, openSqliteStore } from "../src/index.ts";
import { referencesOf } from "./support/references.ts";
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

const referencesIn = (path: string): number => referencesOf(path).length;

/** Changes the keys of all references that more than a thousand others share: those of the tenants. */
function changeTenantKeys(path: string): number {
  const counts = new Map<bigint, number>();
  for (const { key } of referencesOf(path)) counts.set(key, (counts.get(key) ?? 0) + 1);
  const db = new Database(path);
  const write = db.prepare("UPDATE daybook_reference SET refs = ? WHERE chunk = ?");
  let changes = 0;
  for (const { chunk, refs } of db.prepare<[], { chunk: number; refs: Buffer }>("SELECT chunk, refs FROM daybook_reference").all()) {
    for (let at = 0; at < refs.length; at += 11) {
      if ((counts.get(refs.readBigUInt64BE(at)) ?? 0) <= 1_000) continue;
      refs.writeUInt8(refs.readUInt8(at + 7) ^ 1, at + 7);
      changes++;
    }
    write.run(refs, chunk);
  }
  db.close();
  return changes;
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
    // The process that closes a bucket computes its tenants with its own keys, which may be older than those of a
    // row.
    expect(changeTenantKeys(path)).toBeGreaterThan(EVENTS / 2);
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
    // Neither a person nor a tenant, and a part that does not exist.
    for (const key of [1n, 2n]) {
      const db = new Database(path);
      const refs = db.prepare<[], Buffer>("SELECT refs FROM daybook_reference WHERE chunk = 0").pluck().get()!;
      const record = Buffer.alloc(11);
      record.writeBigUInt64BE(key, 0);
      record.writeUInt16BE(7, 8);
      record.writeUInt8(9, 10);
      db.prepare("UPDATE daybook_reference SET refs = ? WHERE chunk = 0").run(Buffer.concat([record, refs]));
      db.close();
    }
    expect(referencesOf(path).some(({ part }) => part === 9)).toBe(true);
    const store = await open(path);
    try {
      expect((await store.verify()).findings).toMatchObject([{ code: "INDEX_DAMAGED", count: 2 }]);
    } finally {
      await store.close();
    }
  }, 60_000);
});

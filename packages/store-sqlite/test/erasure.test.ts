import { readFileSync, statSync } from "node:fs";
import { type AuditLog, permissionDenied, requestCompleted, runAs } from "@daybook/core";
import { appendEntries } from "@daybook/core/store";
import { parseKeys } from "@daybook/ledger";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { openWriting } from "../src/database/connection.ts";
import { one } from "../src/database/rows.ts";
import { ErasureOperations } from "../src/erasure/erasure-operations.ts";
import { Removals } from "../src/erasure/removal-proof.ts";
import { openSqliteReader, openSqliteStore } from "../src/index.ts";
import { LedgerWriter } from "../src/ledger/ledger-writer.ts";
import type { WriterScope } from "../src/ledger/writer-scope.ts";
import { referencesOf } from "./support/references.ts";
import { bookLent, openTrail } from "./support/trail.ts";

const lend = (audit: AuditLog, user: string, title: string) =>
  runAs({ kind: "user", id: user }, () => audit.recordWith(bookLent, { data: { title, days: 14 } }, {}));

const bytesOf = (path: string) => Buffer.concat([path, `${path}-wal`, `${path}-shm`].map((file) => readFileSync(file)));

describe("erasing a person", () => {
  it("plans removed and kept parts without any change", async () => {
    const { store, audit } = await openTrail();
    await lend(audit, "ada", "Emma").stored;
    await runAs({ kind: "user", id: "ada" }, () => audit.record(permissionDenied, { resource: { type: "book", id: "7" } })).stored;
    await runAs({ kind: "user", id: "bob" }, () => audit.record(permissionDenied, { subjects: [{ id: "ada", role: "target" }] })).stored;
    const plan = await store.planErasure("ada");
    expect(plan).toMatchObject({ erase: 2, keep: 1, journal: 0, consents: [] });
    expect(plan.items).toMatchObject([
      { category: "system", role: "actor", action: "erase", parts: 1 },
      { category: "access", role: "target", action: "erase", parts: 1 },
      {
        category: "access",
        role: "actor",
        action: "keep",
        parts: 1,
        ground: "17(1)(a)",
        until: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      },
    ]);
    expect(await store.count({ user: "ada" })).toBe(3);
  });

  it("removes the planned parts and all their bytes", async () => {
    const { path, store, audit } = await openTrail();
    for (let i = 0; i < 40; i++) lend(audit, i % 2 === 0 ? "ada.lovelace" : "bob", i % 2 === 0 ? "A Title Only Ada Borrowed" : "Emma");
    await audit.flush();
    const before = bytesOf(path);
    expect([before.includes("ada.lovelace"), before.includes("A Title Only Ada Borrowed")]).toEqual([true, true]);
    const result = await store.erase("ada.lovelace");
    expect(result).toMatchObject({ erased: 20, manifests: [41], state: "proven" });
    const after = bytesOf(path);
    expect([after.includes("ada.lovelace"), after.includes("A Title Only Ada Borrowed")]).toEqual([false, false]);
    expect(await store.count({ user: "ada.lovelace" })).toBe(0);
    expect(await store.count({ user: "bob" })).toBe(20);
    const [erased] = (await store.query({ type: "custom" }, { order: "oldest", limit: 1 })).events;
    expect(erased).toMatchObject({ seq: 1, state: "partial", action: "book.lent", data: { days: 14 } });
    expect(erased?.actor?.id).toBeUndefined();
    expect((await store.query({ action: "ledger.erasure" })).events[0]).toMatchObject({ seq: 41, data: { n: 20, basis: ["request"] } });
    expect((await store.query({ action: "ledger.proven" })).events).toHaveLength(1);
  });

  it("distinguishes ids by case, spaces and normalisation", async () => {
    const { store, audit } = await openTrail();
    const people = ["ada", "Ada", "ada ", "a\u0301da", "\u00e1da"];
    for (const id of people) lend(audit, id, "Emma");
    await audit.flush();
    await store.erase("ada");
    expect(await Promise.all(people.map((user) => store.count({ user })))).toEqual([0, 1, 1, 1, 1]);
  });

  it("keeps a co-subject's part of the same event", async () => {
    const { store, audit } = await openTrail();
    await runAs({ kind: "user", id: "carol" }, () =>
      audit.record(permissionDenied, { subjects: [{ id: "ada" }, { id: "bob", about: { shelf: "B" } }], data: { policy: "two-eyes" } }),
    ).stored;
    await store.erase("ada");
    const [event] = (await store.query({ type: "access_control" })).events;
    expect(event).toMatchObject({ state: "partial", actor: { id: "carol" }, subjects: [{ id: "bob", about: { shelf: "B" } }] });
  });

  it("keeps held parts until the hold is released", async () => {
    const { store, audit } = await openTrail();
    await lend(audit, "ada", "Emma").stored;
    const hold = await store.hold({ user: "ada", case: "case-7", ground: "17(3)(e)", review: "2027-03-01" });
    expect(hold.user).toMatch(/^1\.[0-9a-f]{32}$/);
    expect(await store.planErasure("ada")).toMatchObject({ erase: 0, keep: 1, items: [{ action: "keep", ground: "17(3)(e)" }] });
    expect(await store.erase("ada")).toMatchObject({ erased: 0, state: "none" });
    expect(await store.count({ user: "ada" })).toBe(1);
    expect(await store.release(hold.id)).toBe(true);
    expect(await store.count({ user: "ada" })).toBe(0);
    await expect(store.hold({ case: "x", ground: "y", review: "2027-03-01" })).rejects.toMatchObject({ code: "BAD_OPTION" });
  });

  it("is pending while a reader is open, then proven", async () => {
    const { path, store, audit } = await openTrail();
    await lend(audit, "ada.lovelace", "Emma").stored;
    const reader = new Database(path, { readonly: true });
    reader.exec("BEGIN");
    reader.prepare("SELECT count(*) FROM daybook_entry").get();
    expect(await store.erase("ada.lovelace")).toMatchObject({ erased: 1, state: "pending", reason: "a reader holds the old pages" });
    expect(await store.eraseStatus({ retry: true })).toMatchObject([{ state: "pending", reason: "a reader holds the old pages" }]);
    reader.exec("COMMIT");
    reader.close();
    expect(await store.eraseStatus({ scan: true })).toMatchObject([{ state: "proven", manifest: 2 }]);
    expect((await store.query({ action: "ledger.proven" })).events[0]).toMatchObject({ data: { of: [2], scan: "clean" } });
    expect(bytesOf(path).includes("ada.lovelace")).toBe(false);
  });

  it("splits many parts over transactions and blanks heads", async () => {
    const { path, store } = await openTrail();
    let n = 0;
    for (let i = 0; i < 40; i++)
      await appendEntries(
        store,
        Array.from({ length: 500 }, (_, k) => lentBy(k % 4 === 0 ? "bob" : "ada", n++)),
        { durable: true },
      );
    const result = await store.erase("ada", { scope: "full" });
    expect(result.erased).toBe(30_000);
    expect(result.manifests).toHaveLength(8);
    expect(await store.count({ user: "ada" })).toBe(0);
    expect(await store.count({ user: "bob" })).toBe(5_000);
    const db = new Database(path, { readonly: true });
    expect(db.prepare("SELECT count(*) FROM daybook_entry WHERE head IS NULL").pluck().get()).toBe(15_000);
    db.close();
    // Bob's entries are 1, 5, 9 and so on; four buckets of 4,096 are closed.
    expect(referencesOf(path).map(({ seq }) => seq % 4)).toEqual(Array(4_096).fill(1));
    expect(statSync(`${path}-wal`).size).toBeLessThan(200_000);
  });

  it("declares each removed part and continues after a crash", async () => {
    const { path, store, audit } = await openTrail();
    const events = Array.from({ length: 9_000 }, (_, n) => lentBy("ada", n));
    await appendEntries(store, events, { durable: true });
    await audit.close();
    const keys = parseKeys(readFileSync(`${path}.keys`, "utf8"));
    const db = openWriting(Database, path);
    const ledger = new LedgerWriter(db, { keys, userIds: "readable", now: Date.now });
    const scope: WriterScope = { db, ledger, keys, userIds: "readable", now: Date.now };
    const partsLeft = db.prepare<[], number>("SELECT count(*) FROM daybook_event WHERE type = 'custom' AND person IS NOT NULL").pluck();
    const before = one(partsLeft);
    // The first transaction queues, the second removes 4,000 parts, and the process ends before the third.
    const { transaction } = ledger;
    let left = 2;
    ledger.transaction = (action) => {
      if (left-- === 0) throw new Error("the process ends here");
      return transaction.call(ledger, action) as ReturnType<typeof action>;
    };
    expect(() => new ErasureOperations(scope, new Removals(scope)).erase("ada")).toThrow("the process ends here");
    expect(before - one(partsLeft)).toBe(4_000);
    db.close();
    const reader = await openSqliteReader({ path });
    expect(await reader.verify()).toMatchObject({ verdict: "intact", findings: [] });
    await reader.close();
    const again = await openSqliteStore({ path, onNotice: () => undefined });
    expect(await again.count({ user: "ada" })).toBe(0);
    expect(await again.verify()).toMatchObject({ verdict: "intact", findings: [] });
    await again.close();
  });

  it("refuses earlier events of the person, accepts later ones", async () => {
    const { path, store, audit } = await openTrail();
    await store.erase("ada");
    const event = (id: string, time: string, type: "endpoint" | "access_control") =>
      ({
        definition: type === "endpoint" ? requestCompleted : permissionDenied,
        event: {
          id,
          time,
          type,
          action: type === "endpoint" ? "request.completed" : "permission.denied",
          severity: "info",
          outcome: "success",
          actor: { kind: "user", id: type === "endpoint" ? "ada" : "carol" },
          ...(type === "endpoint" ? {} : { subjects: [{ id: "ada" }] }),
        },
      }) as const;
    const late = event("0199d7a0-0000-7000-8000-0000000000a1", "2026-01-01T09:00:00.000Z", "endpoint");
    const lateSubject = event("0199d7a0-0000-7000-8000-0000000000a2", "2026-01-01T09:00:00.000Z", "access_control");
    const fresh = event("0199d7a0-0000-7000-8000-0000000000a3", new Date(Date.now() + 1_000).toISOString(), "endpoint");
    expect(await appendEntries(store, [late, lateSubject, fresh], { durable: true })).toMatchObject({
      refused: [{ id: late.event.id, code: "SUPPRESSED" }],
    });
    expect(await store.count({ user: "ada" })).toBe(1);
    expect((await store.query({ type: "access_control" })).events[0]).toMatchObject({ state: "full", actor: { id: "carol" } });
    await audit.close();
    const again = await openSqliteStore({ path, onNotice: () => undefined });
    expect(await appendEntries(again, [late], { durable: true })).toMatchObject({ refused: [{ code: "SUPPRESSED" }] });
    await again.close();
  });
});

const lentBy = (user: string, n: number) => ({
  definition: bookLent,
  event: {
    id: `0199d7a0-0000-7000-8000-${n.toString(16).padStart(12, "0")}`,
    time: "2026-11-24T09:00:00.000Z",
    type: "custom",
    action: "book.lent",
    severity: "info",
    outcome: "success",
    actor: { kind: "user", id: user },
    data: { title: "Emma", days: 1 },
  } as const,
});

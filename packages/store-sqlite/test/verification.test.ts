import { setTimeout as wait } from "node:timers/promises";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { openSqliteReader } from "../src/index.ts";
import { bookLent, openTrail } from "./support/trail.ts";
import { TrailInTime } from "./support/trail-in-time.ts";

const lent = (user: string) => ({ definition: bookLent, user, data: { title: "Emma", days: 14 } });

describe("a verification from inside an application", () => {
  it("gives the report of a reader, beside other work", async () => {
    const trail = await TrailInTime.open();
    for (let i = 0; i < 10; i++) await trail.record(...Array.from({ length: 500 }, (_, n) => lent(`reader-${n}`)));
    await trail.store.erase("reader-7");
    await trail.store.checkpoint();
    let turns = 0;
    let verifying = true;
    const ticking = (async () => {
      for (; verifying; turns++) await wait(1);
    })();
    const seen: number[] = [];
    const report = await trail.store.verify({ onProgress: (checked) => seen.push(checked) });
    verifying = false;
    await ticking;
    expect(report).toMatchObject({ verdict: "intact", findings: [], erased: 10 });
    expect(turns).toBeGreaterThan(5);
    expect(seen).toEqual([1_000, 2_000, 3_000, 4_000, 5_000]);
    const reader = await openSqliteReader({ path: trail.path });
    expect(await reader.verify()).toEqual(report);
    await reader.close();
  });

  it("checks the notes in anchor folders too", async () => {
    const { store, audit } = await openTrail();
    await audit.recordWith(bookLent, { data: { title: "Emma", days: 1 } }, {}).stored;
    await store.publishCheckpoint();
    expect(await store.verify()).toMatchObject({ verdict: "intact", findings: [] });
    const [{ note }] = [await store.checkpoint()];
    const forged = note.replace(/\n([\w+/]{43}=)\n/, (_, root: string) => `\n${root[0] === "A" ? "B" : "A"}${root.slice(1)}\n`);
    expect(await store.verify({ notes: [{ note: forged, source: "anchor" }] })).toMatchObject({
      verdict: "tampered",
      findings: [{ code: "BAD_CHECKPOINT" }],
    });
  });

  it("rejects bad options and ends with the store", async () => {
    const trail = await TrailInTime.open();
    await trail.record(...Array.from({ length: 500 }, (_, n) => lent(`reader-${n}`)));
    await expect(trail.store.verify({ since: 77 })).rejects.toMatchObject({ code: "BAD_OPTION" });
    const ended = expect(trail.store.verify()).rejects.toMatchObject({ code: "LOG_CLOSED" });
    await wait(1);
    await Promise.all([ended, trail.store.close()]);
    await expect(trail.store.verify()).rejects.toMatchObject({ code: "LOG_CLOSED" });
  });
});

describe("the health of a trail", () => {
  it("has sizes, ages and pending work", async () => {
    const trail = await TrailInTime.open();
    expect(await trail.store.health()).toMatchObject({
      store: { rows: 1, keysBesideData: true },
      checkpoint: { size: 1 },
      verification: { ok: null, at: null, lastSuccessAt: null },
      retention: { lastSuccessAt: null, types: {} },
      erasures: { pending: 0, oldestPendingAt: null },
      holds: 0,
    });
    await trail.record(lent("ada"));
    await trail.store.hold({ user: "ada", case: "case-7", ground: "17(3)(e)", review: "2027-03-01" });
    trail.pass(10);
    await trail.store.retain({ confirm: true });
    await trail.store.verify();
    const health = await trail.store.health();
    expect(health).toMatchObject({
      verification: { ok: true, at: trail.now, lastSuccessAt: trail.now },
      retention: { lastSuccessAt: trail.now, types: { custom: { limitMs: 365 * 86_400_000 } } },
      holds: 1,
    });
    expect(Math.round(health.retention.types.custom!.oldestAgeMs / 86_400_000)).toBe(10);
    expect(health.store.bytes).toBeGreaterThan(0);
    expect(health.store.capacityBytes).toBeGreaterThanOrEqual(health.store.freeBytes);
  });

  it("keeps the failed and the last good verification", async () => {
    const trail = await TrailInTime.open();
    await trail.record(lent("ada"));
    await trail.store.verify();
    const good = trail.now;
    trail.pass(1);
    const db = new Database(trail.path);
    db.exec("DROP TRIGGER daybook_entry_blank; UPDATE daybook_entry SET salt1 = NULL, person = NULL WHERE seq = 1");
    db.close();
    expect(await trail.store.verify()).toMatchObject({ verdict: "tampered" });
    await trail.reopen();
    expect((await trail.store.health()).verification).toEqual({ ok: false, at: trail.now, lastSuccessAt: good });
  });

  it("shows an erasure that an open reader delays", async () => {
    const trail = await TrailInTime.open();
    await trail.record(lent("ada"));
    const reader = new Database(trail.path, { readonly: true });
    reader.exec("BEGIN");
    reader.prepare("SELECT count(*) FROM daybook_entry").get();
    await trail.store.erase("ada");
    expect((await trail.store.health()).erasures).toEqual({ pending: 1, oldestPendingAt: trail.now });
    reader.close();
    await trail.store.eraseStatus({ retry: true });
    expect((await trail.store.health()).erasures).toEqual({ pending: 0, oldestPendingAt: null });
  });
});

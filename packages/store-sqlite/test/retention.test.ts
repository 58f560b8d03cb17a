import { accessChanged, loginSucceeded, permissionDenied, queryReceived } from "@daybook/core";
import { consentGiven, consentWithdrawn } from "@daybook/core/store";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import type { RetentionItem } from "../src/index.ts";
import { referencesOf } from "./support/references.ts";
import { bookLent } from "./support/trail.ts";
import { type EventFields, TrailInTime } from "./support/trail-in-time.ts";

const lent = (user: string): EventFields => ({ definition: bookLent, user, data: { title: "Emma", days: 14 } });
const asked = (user: string): EventFields => ({ definition: queryReceived, user, data: { strategy: "words" } });
const many = (count: number, event: (n: number) => EventFields) => Array.from({ length: count }, (_, n) => event(n));

const item = (items: readonly RetentionItem[], category: string) => {
  const { persons, heads, held } = items.find((one) => one.category === category) ?? { persons: 0, heads: 0, held: 0 };
  return [persons, heads, held];
};

const rows = <T>(path: string, sql: string): T[] => {
  const db = new Database(path, { readonly: true });
  try {
    return db.prepare<[], T>(sql).all();
  } finally {
    db.close();
  }
};

const expectClean = async (trail: TrailInTime, expired: number) => {
  expect(await trail.verify()).toMatchObject({ verdict: "intact", findings: [], expired });
};

describe("retention", () => {
  it("removes nothing before its period ends", async () => {
    const trail = await TrailInTime.open();
    await trail.record(lent("ada"), asked("ada"));
    trail.pass(100);
    expect(await trail.store.retain()).toEqual({ confirmed: false, items: [], heldBack: [], manifests: [], state: "none" });
    expect(await trail.store.retain({ confirm: true })).toEqual({ confirmed: true, items: [], heldBack: [], manifests: [], state: "none" });
    expect(await trail.store.count({ user: "ada" })).toBe(2);
  });

  it("removes the planned parts and the log still verifies", async () => {
    const trail = await TrailInTime.open();
    await trail.record(...many(20, (n) => lent(`old-${n}`)));
    trail.pass(200);
    await trail.record(...many(10, (n) => lent(`young-${n}`)));
    trail.pass(166);
    const plan = await trail.store.retain();
    expect(plan).toMatchObject({ confirmed: false, items: [{ category: "system", class: 1, persons: 20, heads: 20, held: 0 }] });
    expect(await trail.store.count({ user: "old-3" })).toBe(1);
    expect(await trail.store.retain({ confirm: true })).toMatchObject({ confirmed: true, items: plan.items, state: "proven" });
    expect(await trail.store.count({ user: "old-3" })).toBe(0);
    expect(await trail.store.count({ user: "young-3" })).toBe(1);
    expect(await trail.store.retain({ confirm: true })).toMatchObject({ items: [], state: "none" });
    expect((await trail.store.query({ action: "ledger.retention" })).events).toMatchObject([
      { data: { class: 1, persons: 21, heads: 21 } },
    ]);
    await expectClean(trail, 40);
  });

  it("removes persons before heads if their periods differ", async () => {
    const trail = await TrailInTime.open();
    await trail.record(asked("ada"));
    trail.pass(190);
    expect(item((await trail.store.retain({ confirm: true })).items, "usage")).toEqual([1, 0, 0]);
    expect((await trail.store.query({ type: "query" })).events).toMatchObject([{ seq: 1, state: "partial", actor: { kind: "user" } }]);
    await expectClean(trail, 1);
    trail.pass(180);
    expect(item((await trail.store.retain({ confirm: true })).items, "usage")).toEqual([0, 1, 0]);
    expect(rows(trail.path, "SELECT id, state FROM audit_log WHERE id = 1")).toEqual([{ id: 1, state: "empty" }]);
    await expectClean(trail, 2);
  });

  it("applies each entry's class, with parts and references", async () => {
    const trail = await TrailInTime.open();
    const kinds: readonly ((n: number) => EventFields)[] = [
      (n) => lent(`reader-${n % 50}`),
      (n) => asked(`reader-${n % 50}`),
      (n) => ({ definition: loginSucceeded, user: `reader-${n % 50}`, data: { method: "password" }, tenant: `library-${n % 3}` }),
      (n) => ({
        definition: permissionDenied,
        user: "admin",
        subjects: [{ id: `reader-${n % 50}` }, { id: `guest-${n}` }],
        resource: { type: "book", id: "7" },
      }),
    ];
    for (let i = 0; i < 34; i++) await trail.record(...many(500, (n) => kinds[n % kinds.length]!(i * 500 + n)));
    trail.pass(200);
    const first = await trail.store.retain({ confirm: true });
    expect(item(first.items, "usage")).toEqual([4_250, 0, 0]);
    expect(item(first.items, "security")).toEqual([4_250, 0, 0]);
    expect(first.items).toHaveLength(2);
    await expectClean(trail, 8_500);
    trail.pass(170);
    const second = await trail.store.retain({ confirm: true });
    expect(item(second.items, "usage")).toEqual([0, 4_250, 0]);
    expect(item(second.items, "security")).toEqual([0, 4_250, 0]);
    expect(item(second.items, "system")).toEqual([4_250, 4_250, 0]);
    // Actor, two subjects and the context.
    expect(item(second.items, "access")).toEqual([17_000, 4_250, 0]);
    await expectClean(trail, 8_500 + 17_000 + 21_250);
    expect(rows(trail.path, "SELECT count(data) AS parts FROM daybook_part")).toEqual([{ parts: 0 }]);
    expect(referencesOf(trail.path)).toEqual([]);
    expect(second.state).toBe("proven");
  });

  it("records the person who gave the order", async () => {
    const trail = await TrailInTime.open();
    await trail.record(lent("ada"));
    trail.pass(400);
    await trail.store.retain({ confirm: true, operator: "os:carol" });
    expect((await trail.store.query({ action: "ledger.retention" })).events).toMatchObject([{ actor: { kind: "user", id: "os:carol" } }]);
    trail.pass(1_100);
    expect(item((await trail.store.retain({ confirm: true })).items, "ledger")).toEqual([1, 0, 0]);
    const report = await trail.verify();
    expect(report).toMatchObject({ verdict: "intact", findings: [], erased: 1 });
  });

  it("does not pass an entry that was stored late", async () => {
    const trail = await TrailInTime.open();
    await trail.record(lent("ada"));
    const long = trail.now;
    trail.pass(300);
    await trail.recordAt(long, lent("bob"));
    await trail.record(lent("carol"));
    trail.pass(70);
    expect(item((await trail.store.retain({ confirm: true })).items, "system")).toEqual([1, 1, 0]);
    expect(await Promise.all(["ada", "bob", "carol"].map((user) => trail.store.count({ user })))).toEqual([0, 1, 1]);
    await expectClean(trail, 2);
  });

  it("continues an interrupted run without a second look", async () => {
    const trail = await TrailInTime.open();
    await trail.record(...many(9_000, (n) => lent(`reader-${n}`)));
    trail.pass(400);
    const interrupted = trail.store.retain({ confirm: true });
    await Promise.all([expect(interrupted).rejects.toMatchObject({ code: "LOG_CLOSED" }), trail.reopen()]);
    const before = rows<{ n: number }>(trail.path, "SELECT count(*) AS n FROM daybook_entry WHERE head IS NULL")[0]!.n;
    expect(before).toBeLessThan(9_000);
    expect(item((await trail.store.retain({ confirm: true })).items, "system")).toEqual([9_000 - before, 9_000 - before, 0]);
    await expectClean(trail, 18_000);
  });
});

describe("a hold", () => {
  const hold = { case: "case-7", ground: "17(3)(e)", review: "2027-03-01" };

  it("keeps one person's parts and heads until its release", async () => {
    const trail = await TrailInTime.open();
    await trail.record(
      lent("ada"),
      lent("bob"),
      { definition: permissionDenied, user: "carol", subjects: [{ id: "ada" }, { id: "bob" }], resource: { type: "book", id: "7" } },
      lent("bob"),
    );
    trail.pass(400);
    const { id } = await trail.store.hold({ ...hold, user: "ada" });
    const plan = await trail.store.retain();
    const run = await trail.store.retain({ confirm: true });
    expect(run.items).toEqual(plan.items);
    expect([item(run.items, "system"), item(run.items, "access")]).toEqual([
      [2, 2, 2],
      // Of carol's, ada's, bob's and the context part, ada's and the context part stay.
      [2, 0, 3],
    ]);
    expect(await Promise.all(["ada", "bob", "carol"].map((user) => trail.store.count({ user })))).toEqual([2, 0, 0]);
    await expectClean(trail, 6);
    trail.pass(10);
    await trail.record(lent("dora"));
    expect((await trail.store.retain({ confirm: true })).items).toEqual([]);
    await trail.store.release(id);
    const released = await trail.store.retain({ confirm: true });
    expect([item(released.items, "system"), item(released.items, "access")]).toEqual([
      [1, 1, 0],
      [2, 1, 0],
    ]);
    expect(await trail.store.count({ user: "ada" })).toBe(0);
    await expectClean(trail, 11);
  });

  it("of a class or range keeps everything in it", async () => {
    const trail = await TrailInTime.open();
    await trail.record(
      ...many(40, (n) =>
        n % 2 === 0
          ? lent(`reader-${n}`)
          : { definition: accessChanged, user: "admin", subjects: [{ id: `reader-${n}`, role: "target" }], data: {} },
      ),
    );
    trail.pass(400);
    const ofClass = await trail.store.hold({ ...hold, category: 3 });
    const ofRange = await trail.store.hold({ ...hold, fromSeq: 11, toSeq: 20 });
    const run = await trail.store.retain({ confirm: true });
    expect([item(run.items, "system"), item(run.items, "admin")]).toEqual([
      [15, 15, 10],
      [0, 0, 60],
    ]);
    await expectClean(trail, 30);
    await trail.store.release(ofClass.id);
    expect(item((await trail.store.retain({ confirm: true })).items, "admin")).toEqual([30, 15, 0]);
    await expectClean(trail, 75);
    await trail.store.release(ofRange.id);
    await trail.store.retain({ confirm: true });
    await expectClean(trail, 100);
  });

  it("of too many slots blocks its class", async () => {
    const trail = await TrailInTime.open();
    for (let i = 0; i < 26; i++) await trail.record(...many(500, (n) => lent(n % 2 === 0 ? "ada" : `reader-${n}`)));
    trail.pass(400);
    const { id } = await trail.store.hold({ ...hold, user: "ada" });
    const run = await trail.store.retain({ confirm: true });
    expect(run.heldBack).toEqual(["system"]);
    const gone = rows<{ n: number }>(trail.path, "SELECT count(*) AS n FROM daybook_entry WHERE head IS NULL")[0]!.n;
    expect(gone).toBeGreaterThan(1_000);
    expect(gone).toBeLessThan(6_500);
    await expectClean(trail, 2 * gone);
    await trail.store.release(id);
    await trail.store.retain({ confirm: true });
    await expectClean(trail, 26_000);
  });

  it("covers entries under the person's earlier pseudonyms", async () => {
    const trail = await TrailInTime.open();
    await trail.record(lent("ada"));
    await trail.store.close();
    const { addPseudonymEpoch } = await import("../src/index.ts");
    addPseudonymEpoch(trail.path);
    await trail.reopen();
    await trail.store.hold({ ...hold, user: "ada" });
    trail.pass(400);
    expect(item((await trail.store.retain({ confirm: true })).items, "system")).toEqual([0, 0, 2]);
    expect(await trail.store.erase("ada")).toMatchObject({ erased: 0 });
  });
});

describe("a consent", () => {
  const agreement = (consent: string) => ({
    consent,
    record: "r1",
    purpose: "newsletter",
    version: "1",
    notice: "n",
    noticeVersion: "1",
    language: "en",
    noticeSha256: "0".repeat(64),
    expression: "explicit",
    method: "form",
    act: "ticked",
    by: "person",
    epoch: 1,
  });

  it("is removed three years after its end", async () => {
    const trail = await TrailInTime.open();
    await trail.record(
      { definition: consentGiven, user: "ada", data: agreement("c1") },
      { definition: consentGiven, user: "bob", data: agreement("c2") },
    );
    trail.pass(900);
    await trail.record({ definition: consentWithdrawn, user: "ada", data: { purpose: "newsletter", consent: "c1" } });
    trail.pass(1_000);
    expect(item((await trail.store.retain()).items, "consent")).toEqual([0, 0, 0]);
    trail.pass(100);
    expect(item((await trail.store.retain({ confirm: true })).items, "consent")).toEqual([2, 2, 0]);
    expect(await trail.store.consentsOf("ada")).toEqual([]);
    expect(await trail.store.consentsOf("bob")).toMatchObject([{ consent: "c2" }]);
    expect(await trail.verify()).toMatchObject({ verdict: "intact", findings: [], erased: 4, expired: 0 });
    expect(await trail.store.rebuildConsents()).toBe(1);
  });

  it("ends with its replacement and is kept by holds", async () => {
    const trail = await TrailInTime.open();
    await trail.record({ definition: consentGiven, user: "ada", data: agreement("c1") });
    trail.pass(10);
    await trail.record({ definition: consentGiven, user: "ada", data: agreement("c2") });
    const { id } = await trail.store.hold({ user: "ada", case: "case-7", ground: "17(3)(e)", review: "2027-03-01" });
    trail.pass(1_200);
    expect(item((await trail.store.retain({ confirm: true })).items, "consent")).toEqual([0, 0, 2]);
    await trail.store.release(id);
    expect(item((await trail.store.retain({ confirm: true })).items, "consent")).toEqual([1, 1, 0]);
    expect(await trail.store.consentsOf("ada")).toMatchObject([{ consent: "c2" }]);
    expect(await trail.verify()).toMatchObject({ verdict: "intact", findings: [] });
  });
});

describe("a policy", () => {
  it("stays in force and shortens after seven days", async () => {
    const trail = await TrailInTime.open();
    await trail.record(lent("ada"));
    trail.pass(100);
    await trail.reopen({ policy: { 1: { persons_days: 30, heads_days: 60 } } });
    expect((await trail.store.query({ action: "ledger.policy" })).events).toMatchObject([
      { data: { policy: { 1: { persons_days: 30, heads_days: 60 }, 2: { persons_days: 365 } } } },
    ]);
    expect((await trail.store.retain({ confirm: true })).items).toEqual([]);
    await trail.reopen();
    trail.pass(8);
    expect(item((await trail.store.retain({ confirm: true })).items, "system")).toEqual([1, 1, 0]);
    await trail.reopen({ policy: { 1: { persons_days: 30, heads_days: 60 } } });
    expect((await trail.store.query({ action: "ledger.policy" })).events).toHaveLength(1);
    await expectClean(trail, 2);
  });

  it("decides which parts a request erases", async () => {
    const trail = await TrailInTime.open({ policy: { 1: { actor: "keep", ground: "17(3)(b)" } } });
    await trail.record(lent("ada"));
    expect(await trail.store.planErasure("ada")).toMatchObject({ erase: 0, keep: 1, items: [{ ground: "17(3)(b)" }] });
  });

  it.each([
    ["heads before persons", { 1: { persons_days: 500 } }],
    ["no period", { 70: { actor: "erase", others: "erase" } }],
    ["less than a day", { 1: { persons_days: 0 } }],
    ["an end for what explains every absence", { 8: { heads_days: 2_000 } }],
  ] as const)("is refused with %s", async (_, policy) => {
    await expect(TrailInTime.open({ policy })).rejects.toMatchObject({ code: "BAD_OPTION", hint: expect.stringContaining("policy") });
  });
});

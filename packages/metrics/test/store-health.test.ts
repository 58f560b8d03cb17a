import { join } from "node:path";
import { createAuditLog, defineEvent, memoryStore, noteRecorded, trailRead } from "@daybook/core";
import { createConsent, createJournal, createRequests, defineNotice, definePurpose } from "@daybook/gdpr";
import { openSqliteStore } from "@daybook/store-sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { journalHealth, storeHealth } from "../src/index.ts";
import { folderForTest } from "./support/programs.ts";

const reviewed = defineEvent({ type: "compliance", action: "review.completed" });
const jumped = defineEvent({ type: "compliance", action: "clock.stepped" });
const verify = (verdict: string) => ({ data: { verb: "verify", records: 9, filters: { verdict } } });

function timed(start: string) {
  let now = Date.parse(start);
  return { clock: { now: () => now }, pass: (ms: number) => (now += ms), at: () => now };
}

describe("the health of a store that keeps events only", () => {
  it("counts entries, verification, review and reads", async () => {
    const { clock, pass, at } = timed("2026-03-01T12:00:00Z");
    const store = memoryStore();
    const audit = createAuditLog({ store, catalogue: [reviewed, jumped], signals: false, clock });
    const record = async (work: () => unknown) => {
      work();
      await audit.flush();
    };
    await record(() => audit.record(noteRecorded, { data: { note: "n" } }));
    await record(() => audit.record(trailRead, verify("intact")));
    const verifiedAt = at();
    const health = storeHealth(store, { everyMs: 0, clock });
    const first = await health();
    expect(first).toMatchObject({
      store: { rows: store.events.length, reads: 0 },
      verification: { ok: true, lastSuccessAt: verifiedAt },
      review: { lastCompletedAt: null },
      retention: { lastSuccessAt: null },
    });
    expect(first).not.toHaveProperty("erasures");

    pass(60_000);
    await record(() => audit.record(reviewed));
    await record(() => audit.record(trailRead, { data: { verb: "report" } }));
    await record(() => audit.record(trailRead, verify("not proven")));
    expect(await health()).toMatchObject({
      store: { reads: 2 },
      // No outside note covers the tail: neither an alert nor a success.
      verification: { ok: true, lastSuccessAt: verifiedAt },
      review: { lastCompletedAt: at() },
    });
    await record(() => audit.record(trailRead, verify("tampered")));
    expect(await health()).toMatchObject({ store: { reads: 3 }, verification: { ok: false, lastSuccessAt: verifiedAt } });
    await audit.close();
  });

  it("is found again by the next process", async () => {
    const path = join(folderForTest(), "audit.db");
    const open = async () => {
      const store = await openSqliteStore({ path, worker: false, onNotice: () => undefined });
      const audit = createAuditLog({ store, catalogue: [reviewed], signals: false, onProblem: () => undefined });
      return { store, audit };
    };
    const before = await open();
    await before.audit.record(trailRead, verify("intact")).stored;
    await before.audit.record(reviewed).stored;
    for (let i = 0; i < 30; i++) before.audit.record(noteRecorded, { data: { note: "n" } });
    await before.audit.close();
    const after = await open();
    onTestFinished(async () => void (await after.audit.close()));
    const health = await storeHealth(after.store)();
    expect(health.verification).toMatchObject({ ok: true, lastSuccessAt: expect.any(Number) });
    expect(health.review!.lastCompletedAt).toBeGreaterThan(Date.now() - 60_000);
    expect(health.store!.rows).toBeGreaterThan(32);
  });

  it("is read at most once per interval", async () => {
    const { clock, pass } = timed("2026-03-01T12:00:00Z");
    const store = memoryStore();
    const audit = createAuditLog({ store, signals: false, clock });
    onTestFinished(async () => void (await audit.close()));
    const health = storeHealth(store, { everyMs: 10_000, clock });
    const { rows } = (await health()).store!;
    await audit.record(trailRead, verify("intact")).stored;
    pass(9_000);
    expect((await health()).store!.rows).toBe(rows);
    pass(1_000);
    expect((await health()).store!.rows).toBeGreaterThan(rows!);
  });
});

describe("the health of a store that keeps persons", () => {
  it("counts erasures, holds, requests and consents", async () => {
    const { clock } = timed("2027-02-01T10:00:00Z");
    const store = await openSqliteStore({ path: join(folderForTest(), "audit.db"), worker: false, onNotice: () => undefined });
    const audit = createAuditLog({ store, signals: false, clock, onProblem: () => undefined });
    const diary = definePurpose({
      purpose: "personal_diary",
      version: "1",
      title: "A diary",
      text: "The library writes down what you read.",
      dataCategories: ["words searched for"],
      storageLocations: ["the library's own server"],
      retention: { until: "withdrawal", reviewBy: "2028-01-01" },
      dpv: { purpose: "dpv:ServicePersonalisation", personalData: ["pd:InternetHistory"] },
    });
    const notice = defineNotice({
      notice: "reader_privacy",
      version: "1",
      content: "What we write down.",
      phrase: "Yes, keep a diary",
      controller: { name: "Alexandria", address: "1 Harbour Road", contact: "privacy@alexandria.example" },
      rightsUrl: "https://alexandria.example/settings",
      withdrawUrl: "https://alexandria.example/settings",
      authority: "the supervisory authority",
    });
    const consent = await createConsent({ audit, store, purposes: [diary], notices: [notice], sweepEveryMs: 0, clock });
    const journal = createJournal({ audit, store, clock });
    onTestFinished(async () => {
      await journal.close();
      consent.close();
      await audit.close();
    });
    const tick = { method: "ui", act: { what: "checkbox ticked, form sent", before: false, after: true } } as const;
    for (const reader of ["ada", "bob", "cay"]) await consent.give(reader, "personal_diary", tick);
    await consent.withdraw("bob", "personal_diary", { method: "ui" });
    await journal.record("dov", "search", { query: "unasked" });
    const requests = createRequests({ audit, store, clock });
    for (const receivedAt of ["2026-12-20T08:00:00Z", "2027-01-05T08:00:00Z", "2027-01-31T08:00:00Z"]) {
      await requests.receive({ kinds: ["access"], channel: "letter", receivedAt });
    }
    await store.hold({ case: "7", ground: "a dispute", review: "2027-06-01", user: "ada" });

    const health = { ...(await storeHealth(store, { clock })()), ...(await journalHealth([journal])()) };
    expect(health).toMatchObject({
      erasures: { pending: 0, oldestPendingAt: null },
      holds: 1,
      requests: { overdue: 1, dueIn7Days: 1, dueIn30Days: 1, later: 0, nextDueAt: await store.nextRequestDue() },
      consents: { personal_diary: { given: 2, asked: 3 } },
      journal: { noConsent: { personal_diary: 1 }, rejected: { no_consent_at_write: 0 } },
    });
    expect(JSON.stringify(health)).not.toMatch(/ada|bob|cay|dov/);
  });
});

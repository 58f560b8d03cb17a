import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createAuditLog, runAs } from "@daybook/core";
import { DAY_MS, type EntrySink } from "@daybook/core/store";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { createConsent, createJournal, exportJournal } from "../src/index.ts";
import { openHouse, personalDiary, readerNotice, systemImprovement, TICK } from "./support/house.ts";

const textOf = async (parts: AsyncIterable<string>) => {
  let text = "";
  for await (const part of parts) text += part;
  return text;
};

describe("a journal", () => {
  it("keeps entries under consent and counts the others", async () => {
    const { consent, journal } = await openHouse();
    expect(await journal.record("ada", "search", { query: "unasked" })).toEqual({ outcome: "no_consent" });
    await consent.give("ada", "personal_diary", TICK);
    expect(await journal.record("ada", "search", { query: "lamplighter", collection: "shelf" })).toEqual({ outcome: "stored" });
    await journal.record("ada", "bookmark", { resource: { type: "book", id: "7" }, details: { page: 12 } });
    const { entries } = await journal.read("ada");
    expect(entries).toMatchObject([
      { activity: "bookmark", resourceType: "book", resourceId: "7", details: { page: 12 }, purpose: "personal_diary", version: "1" },
      { activity: "search", query: "lamplighter", collection: "shelf" },
    ]);
    expect(journal.stats()).toMatchObject({ accepted: 2, stored: 2, noConsent: 1, queued: 0, lost: 0 });
  });

  it("answers every page by key, newest or oldest first", async () => {
    const { consent, journal } = await openHouse();
    await consent.give("ada", "personal_diary", TICK);
    await Promise.all(Array.from({ length: 25 }, (_, i) => journal.record("ada", "note", { query: String(i) })));
    const seen: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await journal.read("ada", { limit: 10, order: "oldest", ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.entries.map(({ query }) => query!));
      if (page.next === undefined) break;
      cursor = page.next;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => String(i)));
  });

  it("never rejects: invalid entries are refused, long ones cut", async () => {
    const { consent, journal, audit } = await openHouse();
    await consent.give("ada", "personal_diary", TICK);
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    for (const [id, activity, fields] of [
      ["", "search", {}],
      ["ada", "Search!", {}],
      ["ada", "search", { details: loop }],
      ["ada", "search", { details: [1] }],
      ["ada", "search", { resource: { type: "a b" } }],
      ["x".repeat(513), "search", {}],
      ["\ud800", "search", {}],
    ] as const) {
      expect(await journal.record(id, activity, fields as never)).toMatchObject({ outcome: "refused", error: { code: "BAD_EVENT" } });
    }
    await journal.record("ada", "note", { query: "é".repeat(5_000), details: { big: "x".repeat(9_000) } });
    const { entries } = await journal.read("ada");
    expect(entries).toMatchObject([{ query: "é".repeat(4_000), details: { truncated: true } }]);
    void audit;
  });

  it("is deleted whole, by time or by entry", async () => {
    const { consent, journal, store, path } = await openHouse();
    await consent.give("ada", "personal_diary", TICK);
    await consent.give("bob", "personal_diary", TICK);
    for (const id of ["ada", "ada", "ada", "bob"]) await journal.record(id, "note", { query: `of ${id}` });
    const { entries } = await journal.read("ada");
    expect(await runAs({ kind: "user", id: "ada" }, () => journal.delete("ada", { entries: [entries[0]!.id, "of-nobody"] }))).toBe(1);
    expect(await journal.delete("ada", { before: "2020-01-01T00:00:00Z" })).toBe(0);
    expect(await journal.delete("ada")).toBe(2);
    expect([await journal.count("ada"), await journal.count("bob")]).toEqual([0, 1]);
    expect((await store.query({ action: "journal.deleted" })).events.map(({ actor }) => actor?.id)).toEqual(["ada", "ada"]);
    const db = new Database(path, { readonly: true });
    expect(db.prepare("SELECT count(*) FROM daybook_erasure WHERE state = 'proven'").pluck().get()).toBe(2);
    db.close();
    await expect(journal.delete("ada", { before: "yesterday" })).rejects.toMatchObject({ code: "BAD_OPTION" });
  });

  it("is exported as JSON, NDJSON and CSV, and recorded", async () => {
    const { consent, journal, store } = await openHouse();
    await consent.give("ada", "personal_diary", TICK);
    for (let i = 0; i < 1_203; i++) void journal.record("ada", "note", { query: `=${i}` });
    await journal.flush();
    const json = JSON.parse(await textOf(exportJournal(journal.export("ada", "json"), "json")));
    const lines = (await textOf(exportJournal(journal.export("ada", "ndjson"), "ndjson"))).trim().split("\n");
    const csv = (await textOf(exportJournal(journal.export("ada", "csv"), "csv"))).trim().split("\r\n");
    expect([json.length, lines.length, csv.length, csv[1]?.includes(",=0,")]).toEqual([1_203, 1_203, 1_204, true]);
    expect(JSON.parse(await textOf(exportJournal(journal.export("nobody", "json"), "json")))).toEqual([]);
    expect(await store.count({ action: "gdpr.exported" })).toBe(4);
  });

  it("deletes entries past the period of their purpose", async () => {
    let now = Date.parse("2027-01-01T00:00:00Z");
    const { consent, store, audit } = await openHouse({ clock: { now: () => now } });
    const counts = createJournal({ audit, store, purpose: "system_improvement", clock: { now: () => now } });
    await consent.give("ada", "system_improvement", TICK);
    await counts.record("ada", "search");
    now += 100 * DAY_MS;
    await counts.record("ada", "search");
    now += 81 * DAY_MS;
    await consent.expireDue();
    expect(await counts.count("ada")).toBe(1);
    await counts.close();
  });
});

describe("a process that ends without closing its journal", () => {
  const PROGRAM = fileURLToPath(new URL("./support/journal-at-exit.ts", import.meta.url));

  it.each([
    ["at its natural end", "end", [0, null]],
    ["by process.exit", "exit", [3, null]],
    ["by an uncaught throw", "throw", [1, null]],
    ["by process.exit while entries are being written", "later", [4, null]],
    ["by SIGTERM", "signal", [null, "SIGTERM"]],
    ["after the audit log alone was closed", "close", [0, null]],
  ])("%s loses no entry, and keeps each once", async (_name, end, ended) => {
    const { consent, journal, path } = await openHouse();
    await consent.give("ada", "personal_diary", TICK);
    const child = fork(PROGRAM, [path, end], { stdio: ["ignore", "ignore", "ignore", "ipc"] });
    child.disconnect();
    expect(await once(child, "exit")).toEqual(ended);
    const { entries, next } = await journal.read("ada", { order: "oldest", limit: 1_000 });
    expect(next).toBeUndefined();
    expect(entries.map(({ query }) => query)).toEqual(Array.from({ length: 1_000 }, (_, i) => `entry ${i}`));
  });
});

describe("a withdrawal", () => {
  it("drops queued entries, which a new consent never revives", async () => {
    const { consent, journal } = await openHouse();
    await consent.give("ada", "personal_diary", TICK);
    const before = Array.from({ length: 400 }, (_, i) => journal.record("ada", "note", { query: `before ${i}` }));
    await consent.withdraw("ada", "personal_diary", { method: "ui" });
    await consent.give("ada", "personal_diary", TICK);
    const outcomes = await Promise.all(before);
    expect(new Set(outcomes.map(({ outcome }) => outcome)).has("no_consent")).toBe(false);
    expect(await journal.record("ada", "note", { query: "after" })).toEqual({ outcome: "stored" });
    expect((await journal.read("ada")).entries.map(({ query }) => query)).toEqual(["after"]);
  });

  it("refuses entries of an earlier consent in the transaction", async () => {
    const { consent, store, journal } = await openHouse();
    const { consent: first } = await consent.give("ada", "personal_diary", TICK);
    await consent.withdraw("ada", "personal_diary", { method: "ui" });
    const entry = (id: string, consentId: string) => ({
      id,
      userId: "ada",
      at: Date.now(),
      activity: "note",
      purpose: "personal_diary",
      consent: consentId,
    });
    const late = entry("01900000-0000-7000-8000-000000000001", first);
    expect(await store.appendJournal([late], Date.now())).toEqual(["withdrawn_in_flight"]);
    const { consent: second } = await consent.give("ada", "personal_diary", TICK);
    expect(await store.appendJournal([late, entry("01900000-0000-7000-8000-000000000002", second)], Date.now())).toEqual([
      "late_event",
      "stored",
    ]);
    expect(await store.appendJournal([{ ...late, userId: "nobody" }], Date.now())).toEqual(["no_consent_at_write"]);
    // A consent for one purpose is none for another, and one of another person is none at all.
    const stolen = { ...entry("01900000-0000-7000-8000-000000000003", second), purpose: "system_improvement" };
    expect(await store.appendJournal([stolen, { ...stolen, purpose: "personal_diary", userId: "bob" }], Date.now())).toEqual([
      "no_consent_at_write",
      "no_consent_at_write",
    ]);
    expect(await journal.count("ada")).toBe(1);
  });

  it("stores an entry that is given twice once", async () => {
    const { consent, store, journal } = await openHouse();
    const { consent: id } = await consent.give("ada", "personal_diary", TICK);
    const entry = {
      id: "01900000-0000-7000-8000-000000000009",
      userId: "ada",
      at: Date.now(),
      activity: "note",
      purpose: "personal_diary",
      consent: id,
    };
    await store.appendJournal([entry, entry], Date.now());
    await store.appendJournal([entry], Date.now());
    expect(await journal.count("ada")).toBe(1);
  });

  it("works while optional sinks and metrics fail", async () => {
    const broken: EntrySink = {
      name: "broken",
      supports: { erasure: "none", durable: false, idempotent: false },
      append: () => Promise.reject(new Error("the collector is away")),
      close: async () => undefined,
    };
    const house = await openHouse();
    const audit = createAuditLog({
      store: house.store,
      sinks: [broken, { ...broken, name: "hangs", append: () => new Promise(() => undefined) }],
      signals: false,
      lifecycle: false,
      closeDeadlineMs: 200,
      onNotice: () => undefined,
      onProblem: () => undefined,
    });
    const consent = await createConsent({
      audit,
      store: house.store,
      purposes: [personalDiary, systemImprovement],
      notices: [readerNotice],
      sweepEveryMs: 0,
    });
    await consent.give("ada", "personal_diary", TICK);
    const begun = performance.now();
    const ended = await consent.withdraw("ada", "personal_diary", { method: "ui" });
    expect([ended?.state, performance.now() - begun < 5_000]).toEqual(["withdrawn", true]);
    consent.close();
  });

  it("needs no purpose, no published text, no reason", async () => {
    const { consent, audit, store } = await openHouse();
    await consent.give("ada", "personal_diary", TICK);
    const bare = await createConsent({ audit, store, purposes: [], notices: [], sweepEveryMs: 0 });
    expect(await bare.withdraw("ada", "personal_diary", { method: "api" })).toMatchObject({ state: "withdrawn" });
    bare.close();
  });
});

import { readFileSync } from "node:fs";
import { DAY_MS } from "@daybook/core/store";
import { addPseudonymEpoch } from "@daybook/store-sqlite";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { createConsent, type Purpose } from "../src/index.ts";
import { openHouse, personalDiary, readerNotice, systemImprovement, TICK, verified } from "./support/house.ts";

const rowsOf = (path: string, sql: string) => {
  const db = new Database(path, { readonly: true });
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
};

describe("agreeing to a purpose", () => {
  it("records the text shown, the act and the actor", async () => {
    const { store, consent } = await openHouse();
    await consent.give("ada", "personal_diary", { ...TICK, jurisdiction: "IE" });
    const [event] = (await store.query({ action: "consent.given" })).events;
    expect(event).toMatchObject({
      type: "compliance",
      actor: { kind: "user", id: "ada" },
      data: {
        purpose: "personal_diary",
        version: "1",
        notice: "reader_privacy",
        noticeVersion: "1",
        language: "en",
        noticeSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        method: "ui",
        act: "checkbox ticked, form sent",
        by: "self",
        epoch: 1,
        jurisdiction: "IE",
      },
    });
  });

  it("appears in the SQL table user_consent", async () => {
    const { path, consent } = await openHouse();
    const { consent: id } = await consent.give("ada", "personal_diary", TICK);
    expect(rowsOf(path, "SELECT consent_id, user_id, consent_type, state, revoked_at FROM user_consent")).toEqual([
      { consent_id: id, user_id: "ada", consent_type: "personal_diary", state: "given", revoked_at: null },
    ]);
  });

  it("says nothing about another purpose, in either direction", async () => {
    const { consent } = await openHouse();
    await consent.give("ada", "personal_diary", TICK);
    await consent.give("bob", "system_improvement", TICK);
    const standing = async (id: string) => (await consent.status(id)).map(({ purpose, inForce }) => [purpose.purpose, inForce]);
    expect(await standing("ada")).toEqual([
      ["personal_diary", true],
      ["system_improvement", false],
    ]);
    expect(await standing("bob")).toEqual([
      ["personal_diary", false],
      ["system_improvement", true],
    ]);
  });

  it("is refused if the box was ticked beforehand", async () => {
    const { consent } = await openHouse();
    for (const act of [{ ...TICK.act, before: true }, { ...TICK.act, after: false }, { ...TICK.act, what: " " }, undefined]) {
      await expect(consent.give("ada", "personal_diary", { method: "ui", act: act as never })).rejects.toMatchObject({
        code: "CONSENT_PRESET",
      });
    }
  });

  it("is refused for several purposes at once", async () => {
    const { consent } = await openHouse();
    for (const bundle of [["personal_diary", "system_improvement"], "personal_diary,system_improvement"]) {
      await expect(consent.give("ada", bundle as never, TICK)).rejects.toMatchObject({ code: "CONSENT_BUNDLED" });
    }
  });

  it("is refused for unpublished purposes and texts", async () => {
    const { consent } = await openHouse();
    await expect(consent.give("ada", "advertising", TICK)).rejects.toMatchObject({ code: "PURPOSE_UNKNOWN" });
    const shown = { notice: "reader_privacy", version: "9", language: "en" };
    await expect(consent.give("ada", "personal_diary", { ...TICK, shown })).rejects.toMatchObject({ code: "PURPOSE_UNKNOWN" });
  });
});

describe("taking a consent back", () => {
  it("ends the consent and keeps its proof", async () => {
    const { consent, store } = await openHouse();
    await consent.give("ada", "personal_diary", TICK);
    const ended = await consent.withdraw("ada", "personal_diary", { method: "ui" });
    expect(ended).toMatchObject({ state: "withdrawn", agreed: true, endedAt: expect.any(String) });
    expect(
      (await store.query({ action: ["consent.given", "consent.withdrawn"] }, { order: "oldest" })).events.map(({ action }) => action),
    ).toEqual(["consent.given", "consent.withdrawn"]);
  });

  it("deletes that purpose's journal and no other", async () => {
    const { consent, store, journal, audit } = await openHouse();
    const { createJournal } = await import("../src/index.ts");
    const improvement = createJournal({ audit, store, purpose: "system_improvement" });
    await consent.give("ada", "personal_diary", TICK);
    await consent.give("ada", "system_improvement", TICK);
    await journal.record("ada", "search", { query: "lamplighter" });
    await improvement.record("ada", "search");
    await consent.withdraw("ada", "personal_diary", { method: "ui" });
    expect([await journal.count("ada"), await improvement.count("ada")]).toEqual([0, 1]);
    await improvement.close();
  });

  it("changes nothing when repeated or without a consent", async () => {
    const { consent, store } = await openHouse();
    expect(await consent.withdraw("ada", "personal_diary", { method: "ui" })).toBeUndefined();
    await consent.give("ada", "personal_diary", TICK);
    await consent.withdraw("ada", "personal_diary", { method: "ui" });
    expect(await consent.withdraw("ada", "personal_diary", { method: "ui" })).toBeUndefined();
    expect(await store.count({ action: "consent.withdrawn" })).toBe(1);
  });

  it("leaves one open consent per person and purpose", async () => {
    const { path, consent } = await openHouse();
    await consent.give("ada", "personal_diary", TICK);
    await consent.give("ada", "personal_diary", TICK);
    await consent.withdraw("ada", "personal_diary", { method: "ui" });
    await consent.refuse("ada", "personal_diary", { method: "ui" });
    await consent.give("ada", "personal_diary", TICK);
    expect(rowsOf(path, "SELECT state, epoch FROM user_consent ORDER BY granted_seq")).toEqual([
      { state: "superseded", epoch: 1 },
      { state: "withdrawn", epoch: 3 },
      { state: "superseded", epoch: 4 },
      { state: "given", epoch: 5 },
    ]);
  });
});

describe("the table of consents", () => {
  it.each(["readable", "pseudonymous"] as const)("is rebuilt from the records, user ids %s", async (userIds) => {
    const { path, store, consent, audit } = await openHouse({ userIds });
    const { runAs } = await import("@daybook/core");
    for (const id of ["ada", "Ada", "ada ", "åsa"]) await consent.give(id, "personal_diary", TICK);
    await consent.withdraw("ada", "personal_diary", { method: "ui" });
    await consent.refuse("ada", "system_improvement", { method: "ui" });
    await runAs({ kind: "user", id: "clerk", ip: "203.0.113.9" }, () => consent.give("bob", "personal_diary", { ...TICK, by: "operator" }));
    await consent.give("ada", "personal_diary", TICK);
    await consent.give("ada", "personal_diary", TICK);
    await audit.flush();
    // Its place in the file is the only thing that a rebuilt row does not keep.
    const all = "SELECT * FROM user_consent ORDER BY granted_seq";
    const before = rowsOf(path, all);
    expect(await store.rebuildConsents()).toBe(before.length);
    expect(before).toHaveLength(8);
    expect(rowsOf(path, all)).toEqual(before);
  });

  it("distinguishes ids by case, blanks and normalisation", async () => {
    const { consent } = await openHouse();
    const ids = ["ada", "Ada", "ada ", " ada", "a\u030asa", "\u00e5sa"];
    await consent.give(ids[0]!, "personal_diary", TICK);
    await consent.give(ids[4]!, "personal_diary", TICK);
    const held = await Promise.all(ids.map(async (id) => (await consent.status(id, "personal_diary")).inForce));
    expect(held).toEqual([true, false, false, false, true, false]);
  });
});

describe("a new version of a text", () => {
  it("asks every person again, if it is material", async () => {
    let now = Date.parse("2027-03-01T00:00:00.000Z");
    const clock = { now: () => now };
    const { path, store, audit, consent, journal } = await openHouse({ clock });
    const { consent: first } = await consent.give("ada", "personal_diary", TICK);
    const effectiveFrom = new Date(now + DAY_MS).toISOString();
    await consent.publish([{ ...personalDiary, version: "2", text: "Now with the books you mark.", effectiveFrom }], []);
    expect(await journal.record("ada", "search", { query: "before" })).toEqual({ outcome: "stored" });
    now += DAY_MS - 1;
    expect(await journal.record("ada", "search", { query: "last moment" })).toEqual({ outcome: "stored" });
    now += 1;
    expect(await journal.record("ada", "search", { query: "too late" })).toEqual({ outcome: "no_consent" });
    expect(await consent.status("ada", "personal_diary")).toMatchObject({ state: "reconsent_needed", inForce: false, mayAsk: true });
    await consent.give("ada", "personal_diary", TICK);
    expect(await journal.record("ada", "search", { query: "agreed again" })).toEqual({ outcome: "stored" });
    expect(rowsOf(path, "SELECT query, version FROM user_activity ORDER BY id")).toEqual([
      { query: "before", version: "1" },
      { query: "last moment", version: "1" },
      { query: "agreed again", version: "2" },
    ]);
    // Years later, another process: the text of the first consent, byte for byte.
    const later = await createConsent({ audit, store, purposes: [], notices: [], sweepEveryMs: 0 });
    const record = (await later.history("ada")).find(({ consent: id }) => id === first)!;
    expect(later.publishedNotice({ notice: record.notice, version: record.noticeVersion, language: record.language })?.content).toBe(
      readerNotice.content,
    );
    later.close();
  });

  it("changes nothing, if it is editorial", async () => {
    const { consent, journal } = await openHouse();
    await consent.give("ada", "personal_diary", TICK);
    await consent.publish(
      [{ ...personalDiary, version: "1.1", change: "editorial" }],
      [{ ...readerNotice, version: "1.1", content: "The same, better said.", change: "editorial" }],
    );
    expect(await journal.record("ada", "read")).toEqual({ outcome: "stored" });
    expect((await consent.status("ada", "personal_diary")).state).toBe("given");
  });

  it("stops journals of the former notice, if material", async () => {
    const { consent, journal } = await openHouse();
    await consent.give("ada", "personal_diary", TICK);
    await consent.publish([], [{ ...readerNotice, version: "2", content: "We now also share with partners." }]);
    expect(await journal.record("ada", "read")).toEqual({ outcome: "no_consent" });
  });

  it("needs a new version, not a changed text", async () => {
    const { consent } = await openHouse();
    await expect(consent.publish([{ ...personalDiary, text: "Something else." }], [])).rejects.toMatchObject({ code: "VERSION_CHANGED" });
    await expect(consent.publish([], [{ ...readerNotice, content: "Something else." }])).rejects.toMatchObject({ code: "VERSION_CHANGED" });
  });

  it("cannot move a purpose from consent to another basis", async () => {
    const { consent } = await openHouse();
    await expect(consent.publish([{ ...personalDiary, version: "2", lawfulBasis: "6(1)(f)" }], [])).rejects.toMatchObject({
      code: "BASIS_CHANGED",
    });
  });

  it("is refused where what is kept would never go", async () => {
    const { consent } = await openHouse();
    for (const retention of [
      undefined,
      {},
      { days: 0 },
      { until: "withdrawal" },
      { until: "withdrawal", reviewBy: "soon" },
      { days: Number.POSITIVE_INFINITY },
    ]) {
      const endless = { ...systemImprovement, purpose: "forever", retention } as unknown as Purpose;
      await expect(consent.publish([endless], [])).rejects.toMatchObject({ code: "RETENTION_UNBOUNDED" });
    }
  });
});

describe("a consent with an end", () => {
  it("permits nothing after it, and ends with its journal", async () => {
    let now = Date.parse("2027-03-01T00:00:00.000Z");
    const clock = { now: () => now };
    const { consent, journal, store } = await openHouse({ clock, purposes: [{ ...personalDiary, validDays: 30 }] });
    await consent.give("ada", "personal_diary", TICK);
    await journal.record("ada", "note", { query: "spring" });
    now += 30 * DAY_MS;
    expect(await journal.record("ada", "note", { query: "later" })).toEqual({ outcome: "no_consent" });
    expect((await consent.status("ada", "personal_diary")).state).toBe("expired");
    expect(await consent.expireDue()).toBe(1);
    expect([await journal.count("ada"), await store.count({ action: "consent.expired" })]).toEqual([0, 1]);
    expect(await consent.expireDue()).toBe(0);
  });

  it("ends with its journal under every key epoch", async () => {
    let now = Date.parse("2027-03-01T00:00:00.000Z");
    const options = { clock: { now: () => now }, purposes: [{ ...personalDiary, validDays: 30 }], userIds: "pseudonymous" } as const;
    const former = await openHouse(options);
    await former.consent.give("ada", "personal_diary", TICK);
    await former.journal.record("ada", "note", { query: "under the first epoch" });
    await former.journal.close();
    former.consent.close();
    await former.audit.close();
    addPseudonymEpoch(former.path);
    const { consent, journal, store, audit, path } = await openHouse({ ...options, path: former.path });
    now += 20 * DAY_MS;
    await consent.give("ada", "personal_diary", TICK);
    await journal.record("ada", "note", { query: "under the second epoch" });
    await consent.give("bob", "personal_diary", TICK);
    await journal.record("bob", "note", { query: "of another person" });
    now += 10 * DAY_MS;
    expect([await consent.expireDue(), await journal.count("ada")]).toEqual([0, 2]);
    now += 20 * DAY_MS - 1;
    await consent.give("bob", "personal_diary", TICK);
    now += 1;
    expect([await consent.expireDue(), await journal.count("ada"), await journal.count("bob")]).toEqual([1, 0, 1]);
    const [event] = (await store.query({ action: "consent.expired" })).events;
    expect(event?.subjects).toEqual([{ id: (await store.namesOf("ada"))[2], role: "subject" }]);
    expect((await consent.status("ada", "personal_diary")).state).toBe("expired");
    await audit.flush();
    const history = await consent.history("ada");
    await store.rebuildConsents();
    expect(await consent.history("ada")).toEqual(history);
    const bytes = Buffer.concat(["", "-wal"].map((suffix) => readFileSync(path + suffix)));
    for (const gone of ["the first epoch", "the second epoch"]) expect([gone, bytes.includes(gone)]).toEqual([gone, false]);
    expect((await verified(path)).verdict).toBe("intact");
  });

  it("asks again only some time after a refusal", async () => {
    let now = Date.parse("2027-03-01T00:00:00.000Z");
    const { consent } = await openHouse({ clock: { now: () => now } });
    await consent.refuse("ada", "personal_diary", { method: "ui" });
    expect((await consent.status("ada", "personal_diary")).mayAsk).toBe(false);
    now += 180 * DAY_MS;
    expect((await consent.status("ada", "personal_diary")).mayAsk).toBe(true);
  });
});

describe("a child", () => {
  it("agrees through a guardian until the deciding birthday", async () => {
    let now = Date.parse("2027-03-01T00:00:00.000Z");
    const { consent, journal } = await openHouse({ clock: { now: () => now } });
    const child = { ...TICK, birthDate: "2013-06-15", jurisdiction: "DE" };
    await expect(consent.give("kim", "personal_diary", child)).rejects.toMatchObject({ code: "GUARDIAN_REQUIRED" });
    expect(await journal.record("kim", "search")).toEqual({ outcome: "no_consent" });
    const given = await consent.give("kim", "personal_diary", {
      ...child,
      guardian: { relation: "mother", verification: "signed letter" },
    });
    expect(given).toMatchObject({ by: "guardian", validUntil: "2029-06-15T00:00:00.000Z" });
    expect(await journal.record("kim", "search")).toEqual({ outcome: "stored" });
    now = Date.parse("2029-06-15T00:00:00.000Z");
    expect(await journal.record("kim", "search")).toEqual({ outcome: "no_consent" });
    expect((await consent.status("kim", "personal_diary")).state).toBe("expired");
  });
});

describe("a receipt", () => {
  it("has the fields of ISO/IEC TS 27560 and verifies", async () => {
    const { consent } = await openHouse();
    const record = await consent.give("ada", "personal_diary", TICK);
    const receipt = consent.receipt(record);
    expect(receipt).toMatchObject({
      "@type": "dpv:ConsentReceipt",
      "dct:identifier": record.consent,
      "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#receipt",
      "dct:publisher": "Alexandria",
      "dpv:hasRecordOfEntry": {
        "@type": "dpv:ConsentRecord",
        "dpv:hasDataSubject": { "@id": "ada" },
        "dpv:hasLegalBasis": "eu-gdpr:A6-1-a",
        "dpv:hasNotice": { "dct:language": "en", "schema:sha256": record.noticeSha256 },
        "dpv:hasConsentStatus": [{ "@type": ["dpv:ConsentGiven", "dpv:ExpressedConsent"], "dpv:isIndicatedBy": "dpv:DataSubject" }],
      },
    });
    expect(receipt["dct:description"].join("\n")).toContain("without a reason");
    expect(await consent.verifyReceipt("ada", receipt)).toBe(true);
    expect(await consent.verifyReceipt("bob", receipt)).toBe(false);
    expect(await consent.verifyReceipt("ada", { ...receipt, "dct:publisher": "Another controller" })).toBe(false);
  });
});

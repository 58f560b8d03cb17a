import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { contentIngested, permissionDenied, requestCompleted, runAs } from "@daybook/core";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { createRequests, erasePerson, exportPerson, type PrivacyInformation, privacyInformation } from "../src/index.ts";
import { accountChanged, bookLent, type House, openHouse, TICK } from "./support/house.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const OPERATOR = { verification: { method: "operator", confirmed: true } } as const;

async function informationOf({ audit, store, consent }: House): Promise<PrivacyInformation> {
  return privacyInformation({
    definitions: audit.catalogue.all(),
    purposes: await store.purposes(),
    periods: await store.retentionPeriods(),
    controller: consent.notice().controller,
    recipients: [{ name: "otlp", purpose: "operations", erasure: "expire", expiresAfterDays: 14 }],
  });
}

async function exported(house: House, userId: string) {
  const folder = join(temporaryFolder(), "package");
  const information = await informationOf(house);
  const summary = await exportPerson(userId, { ...house, folder, information, ...OPERATOR });
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  return { folder, summary, read, json: JSON.parse(read("export.json")) };
}

/** Forty things the trail knows about Ada, and a crowd around her. */
async function plant(house: House): Promise<void> {
  const { audit, consent, journal } = house;
  await consent.give("ada", "personal_diary", TICK);
  await consent.give("ada", "system_improvement", TICK);
  for (let i = 0; i < 8; i++)
    await journal.record("ada", i % 2 === 0 ? "search" : "read", { query: `planted ${i}`, resource: { type: "book", id: String(i) } });
  const ada = { kind: "user", id: "ada", ip: "198.51.100.7", userAgent: "curl/8", sessionId: "s3cr3t" } as const;
  for (let i = 0; i < 10; i++) runAs(ada, () => audit.record(bookLent, { data: { title: `Book ${i}` } }));
  for (let i = 0; i < 6; i++)
    runAs(ada, () => audit.record(permissionDenied, { resource: { type: "page", id: "/admin" }, data: { policy: "by-role" } }));
  for (let i = 0; i < 8; i++) {
    runAs({ kind: "user", id: `librarian-${i % 3}`, ip: "203.0.113.5", userAgent: "Firefox/140", sessionId: `sid-${i}` }, () =>
      audit.record(accountChanged, {
        subjects: [{ id: "ada", role: "target" }, { id: "bob-the-neighbour" }],
        purpose: "support",
        data: { field: "address" },
      }),
    );
  }
  for (let i = 0; i < 6; i++) {
    runAs({ kind: "user", id: "grace.hopper" }, () =>
      audit.record(contentIngested, {
        subjects: [{ id: "ada", about: { seat: "12" } }],
        data: { source: `list of grace.hopper and bob-the-neighbour, ${i}`, status: "added" },
      }),
    );
  }
  for (const id of ["Ada", "ada ", "adal", "bob-the-neighbour", "åda"])
    runAs({ kind: "user", id }, () => audit.record(bookLent, { data: { title: "Not hers" } }));
  await audit.flush();
}

describe("the export of one person", () => {
  it("finds 40 of 40 records, in every role", async () => {
    const house = await openHouse();
    await plant(house);
    const { json, read, folder, summary } = await exported(house, "ada");
    // 10 + 6 as actor, 8 as target, 6 as subject, and the 2 consents as records of the trail; 8 in the journal.
    const planted = json.records.filter(({ action }: { action: string }) => !action.startsWith("consent."));
    expect([planted.length, json.journal.length, json.consents.length, json.records.length]).toEqual([30, 8, 2, 32]);
    expect(summary).toMatchObject({ journal: 8, records: 32, consents: 2, accesses: 14 });
    const names = ["librarian-", "grace.hopper", "bob-the-neighbour", "Not hers", "adal", "åda", "203.0.113", "Firefox"];
    const subs = [
      ...(await house.store.namesOf("bob-the-neighbour")),
      ...(await house.store.namesOf("librarian-1")),
      ...(await house.store.namesOf("grace.hopper")),
    ];
    for (const file of readdirSync(folder)) {
      const text = read(file);
      for (const name of [...names, ...subs]) expect([file, name, text.includes(name)]).toEqual([file, name, false]);
    }
    expect(json.records.find(({ action }: { action: string }) => action === "account.changed")).toMatchObject({
      actor: { kind: "user", id: expect.stringMatching(/^person \d+$/) },
      subjects: [{ id: "ada", role: "target" }, { id: expect.stringMatching(/^person \d+$/) }],
      purpose: "support",
      roles: ["target"],
      redacted: expect.arrayContaining(["actor.id", "actor.ip", "subjects.1.id"]),
    });
  });

  it("includes records under a legal hold", async () => {
    const house = await openHouse();
    await plant(house);
    await house.store.hold({ user: "ada", case: "7", ground: "17(3)(e)", review: "2027-03-01" });
    await erasePerson("ada", { ...house, confirm: true, ...OPERATOR });
    const { json } = await exported(house, "ada");
    const planted = json.records.filter(({ action }: { action: string }) => !/^(consent|gdpr)\./.test(action));
    expect([planted.length, json.journal, json.consents]).toEqual([30, [], []]);
  });

  it("lists free text next to other people", async () => {
    const house = await openHouse();
    await plant(house);
    const { summary } = await exported(house, "ada");
    expect(summary.review).toMatchObject({
      records: 6,
      first: expect.arrayContaining([{ seq: expect.any(Number), paths: ["data.source"] }]),
    });
  });

  it("distinguishes other people without their names", async () => {
    const house = await openHouse();
    await plant(house);
    const { json } = await exported(house, "ada");
    const actors = json.records
      .filter(({ action }: { action: string }) => action === "account.changed")
      .map(({ actor }: { actor: { id: string } }) => actor.id);
    expect(new Set(actors).size).toBe(3);
    expect(actors[0]).toBe(actors[3]);
  });

  it("is private, with the hash of every file", async () => {
    const house = await openHouse();
    await plant(house);
    const { folder, read, summary } = await exported(house, "ada");
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const manifest = JSON.parse(read("manifest.json"));
    const files = readdirSync(folder).filter((name) => name !== "manifest.json");
    expect(manifest.files.map(({ path }: { path: string }) => path).sort()).toEqual(files.sort());
    for (const { path, sha256, bytes } of manifest.files) {
      const content = readFileSync(join(folder, path));
      expect({ path, sha256, bytes }).toEqual({ path, sha256: createHash("sha256").update(content).digest("hex"), bytes: content.length });
      expect(statSync(join(folder, path)).mode & 0o777).toBe(0o600);
    }
    expect(createHash("sha256").update(read("manifest.json")).digest("hex")).toBe(summary.manifestSha256);
  });

  it("follows its published schemas", async () => {
    const house = await openHouse();
    await plant(house);
    const { read, json } = await exported(house, "ada");
    const ajv = addFormats.default(new Ajv2020({ strict: true, allErrors: true }));
    for (const [schema, document] of [
      ["export.schema.json", json],
      ["portability.schema.json", JSON.parse(read("portability.json"))],
    ]) {
      const validate = ajv.compile(JSON.parse(read(schema)));
      validate(document);
      expect(validate.errors ?? []).toEqual([]);
    }
  });

  it("has an Art. 20 file without the trail", async () => {
    const house = await openHouse();
    await plant(house);
    const { read } = await exported(house, "ada");
    expect(Object.keys(JSON.parse(read("portability.json")))).toEqual(["format", "made", "person", "consents", "journal"]);
    expect(parse(read("portability.csv"), { columns: true })).toHaveLength(8);
  });

  it("has the information of Art. 15(1) and 15(2)", async () => {
    const house = await openHouse();
    const { read, json } = await exported(house, "ada");
    expect(json.information).toMatchObject({
      controller: { name: "Alexandria" },
      categories: expect.arrayContaining([
        expect.objectContaining({
          category: "A diary of my searches and reads",
          lawfulBasis: "6(1)(a)",
          kept: "until you take the consent back",
        }),
        expect.objectContaining({ category: "audit trail, usage", kept: "184 days" }),
      ]),
      recipients: [{ name: "otlp", erasure: "expire", expiresAfterDays: 14 }],
      rights: expect.arrayContaining([expect.stringContaining("Art. 17")]),
      complaint: expect.stringContaining("supervisory authority"),
      source: expect.any(String),
      automatedDecisions: expect.any(String),
      transfers: [],
    });
    const page = read("index.html");
    for (const heading of [
      "Who is responsible",
      "What is kept, why and for how long",
      "Who receives it (Art. 15(1)(c))",
      "Transfers to other countries",
    ])
      expect(page).toContain(heading);
    expect(page).toContain("otlp, for operations: expires after 14 days");
    expect(json.places).toContainEqual({ place: "otlp", searched: false, note: expect.any(String) });
  });

  it("is recorded, and needs a verified requester", async () => {
    const house = await openHouse();
    const information = await informationOf(house);
    const folder = join(temporaryFolder(), "package");
    for (const verification of [undefined, { method: "email_loop", confirmed: false }, { method: "guess", confirmed: true }]) {
      await expect(exportPerson("ada", { ...house, folder, information, verification: verification as never })).rejects.toMatchObject({
        code: "IDENTITY_UNVERIFIED",
      });
    }
    const { summary } = await exported(house, "ada");
    const [event] = (await house.store.query({ action: "gdpr.exported" })).events;
    expect(event).toMatchObject({ subjects: [{ id: "ada" }], data: { scope: "person", manifestSha256: summary.manifestSha256 } });
  });

  it("needs a verified request of this person", async () => {
    const house = await openHouse();
    const requests = createRequests(house);
    const information = await informationOf(house);
    const { request } = await requests.receive({ kinds: ["access"], channel: "mail", userId: "ada" });
    const under = (userId: string) => exportPerson(userId, { ...house, folder: join(temporaryFolder(), "p"), information, request });
    await expect(under("ada")).rejects.toMatchObject({ code: "IDENTITY_UNVERIFIED" });
    await requests.verify(request, { method: "email_loop", confirmed: true });
    await expect(under("bob")).rejects.toMatchObject({ code: "IDENTITY_UNVERIFIED" });
    await under("ada");
    expect((await requests.get(request))?.state).toBe("reviewing");
    await expect(
      exportPerson("ada", { ...house, folder: temporaryFolder(), information, request: "dsr-0000000000" }),
    ).rejects.toMatchObject({ code: "REQUEST_UNKNOWN" });
  });

  it("never writes into a folder that holds something", async () => {
    const house = await openHouse();
    const { folder } = await exported(house, "ada");
    await expect(exportPerson("ada", { ...house, folder, information: await informationOf(house), ...OPERATOR })).rejects.toMatchObject({
      code: "BAD_OPTION",
    });
  });

  it("keeps hostile text intact and harmless", async () => {
    const house = await openHouse();
    await house.consent.give("ada", "personal_diary", TICK);
    const texts = [
      '=HYPERLINK("http://evil.example","x")',
      "a,b\r\nc",
      '"quoted"',
      "<script>alert(1)</script>",
      "\u202eabc",
      "'; DROP TABLE user_activity; --",
      "\u0000nul",
    ];
    for (const query of texts) await house.journal.record("ada", "search", { query });
    await runAs({ kind: "user", id: "ada" }, () => house.audit.record(requestCompleted)).stored;
    const { json, read } = await exported(house, "ada");
    expect(json.journal.map(({ query }: { query: string }) => query)).toEqual(texts);
    expect((parse(read("portability.csv"), { columns: true }) as { query: string }[]).map(({ query }) => query)).toEqual(texts);
    expect(parse(read("journal.csv"), { columns: true })[0]).toMatchObject({ query: `'${texts[0]}` });
    expect(read("journal-0001.html")).not.toContain("<script>");
  });
});

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accessChanged, createAuditLog, permissionDenied, runAs } from "@daybook/core";
import { ERASURE_BASES, REQUEST_KINDS, REQUEST_OUTCOMES, REQUEST_STATES, VERIFICATION_METHODS } from "@daybook/core/store";
import { createConsent, createJournal, defineNotice, definePurpose, openReceipt, REQUEST_CHANNELS, receiptOf } from "@daybook/gdpr";
import { openSqliteStore } from "@daybook/store-sqlite";
import { Decrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import Database from "better-sqlite3";
import { beforeEach, describe, expect, it } from "vitest";
import {
  BASIS_CHOICES,
  CHANNEL_CHOICES,
  KIND_CHOICES,
  METHOD_CHOICES,
  OUTCOME_CHOICES,
  STATE_CHOICES,
} from "../src/choices/gdpr-choices.ts";
import { daybook } from "./support/run-daybook.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { textNoted } from "./support/trail.ts";

const diary = definePurpose({
  purpose: "personal_diary",
  version: "1",
  title: "A diary of my searches",
  text: "What you search is written down for you.",
  dataCategories: ["words searched for"],
  storageLocations: ["this server"],
  retention: { until: "withdrawal", reviewBy: "2027-11-24" },
});
const notice = defineNotice({
  notice: "privacy",
  version: "1",
  content: "Only what you agree to.",
  phrase: "Keep a diary",
  controller: { name: "Alexandria", address: "1 Harbour Road", contact: "privacy@alexandria.example" },
  rightsUrl: "https://alexandria.example/settings",
  withdrawUrl: "https://alexandria.example/settings",
  authority: "the supervisory authority",
});
const TICK = { method: "ui", act: { what: "checkbox ticked, form sent", before: false, after: true } } as const;

/** A trail that knows Sabo: a journal of three, a consent, two records of doing, one of being acted upon. */
async function trailOfSabo(folder: string): Promise<string> {
  const path = join(folder, "audit.db");
  const store = await openSqliteStore({ path, onNotice: () => undefined });
  const audit = createAuditLog({ store, catalogue: [textNoted], signals: false, spool: false });
  const consent = await createConsent({ audit, store, purposes: [diary], notices: [notice], sweepEveryMs: 0 });
  const journal = createJournal({ audit, store });
  await consent.give("sabo", "personal_diary", TICK);
  for (const query of ["=cmd|' /C calc'!A0", "lamplighter", "Æther"]) await journal.record("sabo", "search", { query });
  await runAs({ kind: "user", id: "sabo" }, async () => {
    await audit.record(textNoted, { data: { text: "sabo's own words" } }).stored;
    await audit.record(permissionDenied, { resource: { type: "page", id: "/admin" } }).stored;
  });
  await runAs({ kind: "user", id: "amina" }, () =>
    audit.record(accessChanged, { subjects: [{ id: "sabo", role: "target" }], data: { granted: ["reader"] } }),
  ).stored;
  await journal.close();
  consent.close();
  await audit.close();
  return path;
}

let folder: string;
let db: string;
beforeEach(async () => {
  folder = temporaryFolder();
  db = await trailOfSabo(folder);
});

const run = (...args: string[]) => daybook(args, { cwd: folder, env: { DAYBOOK_DB: db } });

describe("the choices of the verbs about persons", () => {
  it("are those of the packages behind them", () => {
    expect([...BASIS_CHOICES, "expired"].sort()).toEqual([...ERASURE_BASES].sort());
    expect(KIND_CHOICES).toEqual(REQUEST_KINDS);
    expect(CHANNEL_CHOICES).toEqual(REQUEST_CHANNELS);
    expect(METHOD_CHOICES).toEqual(VERIFICATION_METHODS);
    expect([...STATE_CHOICES, "delivered", "closed"]).toEqual(REQUEST_STATES);
    expect(OUTCOME_CHOICES).toEqual(REQUEST_OUTCOMES);
  });
});

describe("daybook journal", () => {
  it("exports JSON, and CSV unchanged for spreadsheets", async () => {
    const json = await run("journal", "export", "--user", "sabo");
    expect([json.status, json.stderr]).toEqual([0, ""]);
    expect(JSON.parse(json.stdout).map(({ query }: { query: string }) => query)).toEqual(["=cmd|' /C calc'!A0", "lamplighter", "Æther"]);
    const csv = await run("journal", "export", "--user", "sabo", "--format", "csv", "--output", join(folder, "journal.csv"));
    expect(csv.status).toBe(0);
    expect(readFileSync(join(folder, "journal.csv"), "utf8").split("\r\n")[1]).toContain(",=cmd|' /C calc'!A0,");
    expect(statSync(join(folder, "journal.csv")).mode & 0o777).toBe(0o600);
  });

  it("deletes only with --confirm; 3 means empty", async () => {
    expect(await run("journal", "delete", "--user", "sabo")).toMatchObject({
      status: 0,
      stdout: "would delete 3 entries; nothing was deleted, add --confirm\n",
    });
    expect(await run("journal", "delete", "--user", "sabo", "--confirm")).toMatchObject({ status: 0, stdout: "deleted 3 entries\n" });
    expect((await run("journal", "export", "--user", "sabo")).status).toBe(3);
    expect((await run("journal", "delete", "--user", "Sabo")).status).toBe(3);
  });

  it("reads the id from a file or standard input", async () => {
    const answer = await daybook(["journal", "export", "--user-file", "-", "--format", "ndjson"], {
      cwd: folder,
      env: { DAYBOOK_DB: db },
      input: "sabo\n",
    });
    expect([answer.status, answer.stdout.trim().split("\n").length]).toEqual([0, 3]);
    expect((await run("journal", "export")).status).toBe(2);
    expect((await run("journal", "export", "--user", "sabo", "--user-file", "x")).status).toBe(2);
  });
});

describe("daybook consent", () => {
  it("lists, grants and revokes, with receipt and exit codes", async () => {
    const list = await run("consent", "list", "--user", "sabo", "--format", "json");
    expect(JSON.parse(list.stdout)).toMatchObject([{ purpose: "personal_diary", state: "given", method: "ui" }]);
    const granted = await run(
      "consent",
      "grant",
      "--user",
      "mira",
      "--purpose",
      "personal_diary",
      "--act",
      "signed the form of 24 November",
    );
    expect([granted.status, JSON.parse(granted.stdout)["@type"]]).toEqual([0, "dpv:ConsentReceipt"]);
    expect((await run("consent", "list", "--state", "given")).stdout.split("\n")).toHaveLength(4);
    const revoked = await run("consent", "revoke", "--user", "sabo", "--purpose", "personal_diary");
    expect([revoked.status, revoked.stdout]).toEqual([0, expect.stringContaining("its journal is deleted")]);
    expect((await run("journal", "export", "--user", "sabo")).status).toBe(3);
    expect((await run("consent", "revoke", "--user", "sabo", "--purpose", "personal_diary")).status).toBe(3);
  });

  it("withdraws and lists while configured texts are refused", async () => {
    const edited = { purposes: [{ ...diary, text: "Another text under the old version." }], notices: [notice] };
    writeFileSync(join(folder, "daybook.config.json"), JSON.stringify({ privacy: edited }));
    const granted = await run("consent", "grant", "--user", "mira", "--purpose", "personal_diary", "--act", "signed a form");
    expect([granted.status, granted.stderr]).toEqual([1, expect.stringContaining("VERSION_CHANGED")]);
    expect((await run("consent", "list", "--user", "sabo", "--format", "json", "--receipts")).status).toBe(0);
    const revoked = await run("consent", "revoke", "--user", "sabo", "--purpose", "personal_diary");
    expect([revoked.status, revoked.stderr]).toEqual([0, ""]);
  });

  it("refuses a bundle, an unknown purpose, an empty act", async () => {
    const grant = (purpose: string, act: string) => run("consent", "grant", "--user", "mira", "--purpose", purpose, "--act", act);
    for (const [purpose, act, code] of [
      ["personal_diary,system_improvement", "signed", "CONSENT_BUNDLED"],
      ["advertising", "signed", "PURPOSE_UNKNOWN"],
      ["personal_diary", " ", "CONSENT_PRESET"],
    ] as const) {
      expect(await grant(purpose, act)).toMatchObject({ status: 1, stderr: expect.stringContaining(code) });
    }
  });
});

describe("daybook gdpr export", () => {
  it("writes and records the package, with its reviews", async () => {
    const output = join(folder, "package");
    const answer = await run("gdpr", "export", "--user", "sabo", "--output", output);
    expect([answer.status, answer.stdout]).toEqual([0, expect.stringContaining("3 entries of the journal")]);
    const all = JSON.parse(readFileSync(join(output, "export.json"), "utf8"));
    expect(all.records.map(({ action, roles }: { action: string; roles: string[] }) => [action, roles[0]])).toEqual([
      ["consent.given", "actor"],
      ["text.noted", "actor"],
      ["permission.denied", "actor"],
      ["access.changed", "target"],
    ]);
    expect(all.information.controller.name).toBe("Alexandria");
    expect(readFileSync(join(output, "export.json"), "utf8")).not.toContain("amina");
    const report = await run("report", "--action", "gdpr.exported", "--format", "ndjson");
    expect(JSON.parse(report.stdout)).toMatchObject({ actor: { id: expect.stringMatching(/^os:/) }, subjects: [{ id: "sabo" }] });
  });

  it("encrypts the package, and refuses an invalid key", async () => {
    const identities = [await generateX25519Identity(), await generateX25519Identity()];
    const keys = await Promise.all(identities.map((identity) => identityToRecipient(identity)));
    const output = join(folder, "encrypted");
    const answer = await run("gdpr", "export", "--user", "sabo", "--output", output, "--encrypt-to", keys[0]!, "--encrypt-to", keys[1]!);
    expect([answer.status, answer.stdout]).toEqual([0, expect.stringContaining("age --decrypt")]);
    expect(readdirSync(output).every((name) => name.endsWith(".age"))).toBe(true);
    const sealed = readFileSync(join(output, "export.json.age"));
    expect(sealed.includes("sabo")).toBe(false);
    for (const identity of identities) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      expect(JSON.parse(await decrypter.decrypt(sealed, "text"))).toMatchObject({ person: "sabo" });
    }
    const refused = await run("gdpr", "export", "--user", "sabo", "--output", join(folder, "no"), "--encrypt-to", identities[0]!);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining("Recipient 1 of `encryptTo`")]);
    expect([refused.stderr.includes(identities[0]!), existsSync(join(folder, "no"))]).toEqual([false, false]);
  });

  it("exits with 3 for an unknown person, without folder", async () => {
    for (const id of ["Sabo", "sabo ", "nobody"]) {
      expect(await run("gdpr", "export", "--user", id, "--output", join(folder, "p"))).toMatchObject({
        status: 3,
        stderr: expect.stringContaining("PERSON_UNKNOWN"),
      });
    }
    expect(existsSync(join(folder, "p"))).toBe(false);
  });
});

describe("daybook gdpr erase", () => {
  const count = (sql: string) => {
    const connection = new Database(db, { readonly: true });
    try {
      return connection.prepare(sql).pluck().get();
    } finally {
      connection.close();
    }
  };

  it("only plans without --confirm, per class, with grounds", async () => {
    const answer = await run("gdpr", "erase", "--user", "sabo");
    expect(answer.status).toBe(0);
    expect(answer.stdout).toContain("would erase  1 part   system, as actor\n");
    expect(answer.stdout).toContain("would erase  1 part   admin, as target\n");
    expect(answer.stdout).toMatch(/would keep {3}1 part {3}access, as actor, ground 17\(1\)\(a\), until \d{4}-\d{2}-\d{2}\n/);
    expect(answer.stdout).toContain("journal: 3 entries would be deleted\n");
    expect(answer.stdout).toContain("nothing was erased; add --confirm\n");
    expect(count("SELECT count(*) FROM user_activity")).toBe(3);
  });

  it("erases with --confirm, with an anonymous signed receipt", async () => {
    const path = join(folder, "receipt.txt");
    const answer = await run("gdpr", "erase", "--user", "sabo", "--confirm", "--receipt", path);
    expect([answer.status, answer.stderr]).toEqual([0, ""]);
    expect(answer.stdout).toMatch(/^erased 3 parts, manifest #\d+\ndeleted 3 journal entries\nended the consent for personal_diary\n/);
    expect(answer.stdout).not.toContain("sabo");
    const note = readFileSync(path, "utf8");
    expect(note).not.toContain("sabo");
    const store = await openSqliteStore({ path: db, worker: false, onNotice: () => undefined });
    const { vkey } = store;
    await store.close();
    const receipt = openReceipt(note, [vkey]);
    expect(receipt).toMatchObject({
      state: "proven",
      operator: expect.stringMatching(/^os:/),
      lines: expect.arrayContaining([
        { place: "journal", category: "journal", method: "deleted", before: 3, after: 0 },
        expect.objectContaining({ category: "access", method: "kept", ground: "17(1)(a)" }),
      ]),
    });
    expect(() => openReceipt(note.replace('"before":3', '"before":2'), [vkey])).toThrow(/cannot be trusted/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await run("verify")).status).toBe(0);
    const known = await run("gdpr", "status", "--user", "sabo", "--format", "json");
    expect([known.status, JSON.parse(known.stdout)[0].receipt]).toEqual([0, receipt.receipt]);
    expect((await run("gdpr", "status", "--user", "somebody")).status).toBe(3);
    expect(receiptOf((await run("gdpr", "status", "--receipt", receipt.receipt)).stdout).receipt).toBe(receipt.receipt);
  });

  it("exits with 3 if unknown, 4 while pending", async () => {
    expect(await run("gdpr", "erase", "--user", "SABO", "--confirm")).toMatchObject({
      status: 3,
      stderr: expect.stringContaining("PERSON_UNKNOWN"),
    });
    const reader = new Database(db, { readonly: true });
    reader.exec("BEGIN");
    reader.prepare("SELECT count(*) FROM daybook_entry").get();
    const answer = await run("gdpr", "erase", "--user", "sabo", "--confirm");
    expect([answer.status, answer.stdout]).toEqual([4, expect.stringContaining("PENDING: a reader holds the old pages")]);
    expect((await run("gdpr", "status")).status).toBe(4);
    reader.close();
    expect(await run("gdpr", "status", "--retry")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("1 erasures are proven now"),
    });
    expect((await run("gdpr", "status")).status).toBe(0);
  });

  it("needs a verified request of this person", async () => {
    const added = await run(
      "gdpr",
      "requests",
      "add",
      "--user",
      "sabo",
      "--kind",
      "erasure",
      "--channel",
      "mail",
      "--received",
      "2026-11-22T09:00:00Z",
    );
    const id = /dsr-[0-9a-f]{10}/.exec(added.stdout)![0];
    expect(added.stdout).toContain("2026-12-22");
    expect(await run("gdpr", "erase", "--user", "sabo", "--request", id, "--confirm")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("IDENTITY_UNVERIFIED"),
    });
    expect((await run("gdpr", "requests", "verify", id, "--method", "email_loop")).status).toBe(0);
    expect(await run("gdpr", "erase", "--user", "amina", "--request", id, "--confirm")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("IDENTITY_UNVERIFIED"),
    });
    expect((await run("gdpr", "erase", "--user", "sabo", "--request", id, "--confirm")).status).toBe(0);
    expect((await run("gdpr", "requests", "close", id, "--outcome", "fulfilled")).status).toBe(0);
    expect((await run("gdpr", "requests")).status).toBe(3);
    const shown = JSON.parse((await run("gdpr", "requests", "show", id)).stdout);
    expect([shown.state, shown.sub, shown.steps.map(({ action }: { action: string }) => action)]).toEqual([
      "closed",
      undefined,
      ["dsar.received", "dsar.verified", "dsar.moved", "dsar.closed"],
    ]);
  });
});

describe("daybook gdpr hold", () => {
  it("stops an erasure until its release, and records both", async () => {
    const placed = await run(
      "gdpr",
      "hold",
      "place",
      "--user",
      "sabo",
      "--category",
      "3",
      "--case",
      "7",
      "--ground",
      "17(3)(e)",
      "--review",
      "2027-03-01",
    );
    expect(placed.status).toBe(0);
    const plan = await run("gdpr", "erase", "--user", "sabo");
    expect(plan.stdout).toContain("would keep   2 parts  admin, as target, ground 17(3)(e)\n");
    await run("gdpr", "erase", "--user", "sabo", "--confirm");
    expect(JSON.parse((await run("report", "--action", "access.changed", "--format", "ndjson")).stdout).state).toBe("full");
    const hold = placed.stdout.trim();
    expect((await run("gdpr", "hold", "release", hold)).status).toBe(0);
    expect(JSON.parse((await run("report", "--action", "access.changed", "--format", "ndjson")).stdout).state).toBe("partial");
    expect((await run("gdpr", "hold", "release", hold)).status).toBe(3);
    expect((await run("verify")).status).toBe(0);
  });
});

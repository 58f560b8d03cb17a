import { createHmac, hash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { permissionDenied, queryReceived, runAs } from "@daybook/core";
import { createMetrics } from "@daybook/metrics";
import { backupDatabase, openSqliteStore, restoreLedger } from "@daybook/store-sqlite";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { erasePerson, followErasures, planErasureOf, privacyHealth, receiptOf } from "../src/index.ts";
import { digestsIn } from "./support/digests-in-bytes.ts";
import { accountChanged, bookLent, type House, openHouse, TICK, verified } from "./support/house.ts";

const CONFIRMED = { confirm: true, verification: { method: "operator", confirmed: true } } as const;
const RECEIPT_KEY = Buffer.alloc(32, 7);

/** Every byte of every file that belongs to a trail, keys aside. */
function bytesOf({ path }: Pick<House, "path">): Buffer {
  const files = readdirSync(dirname(path), { recursive: true, encoding: "utf8" })
    .filter((name) => !name.endsWith(".keys"))
    .map((name) => join(dirname(path), name))
    .filter((name) => statSync(name).isFile());
  return Buffer.concat(files.map((name) => readFileSync(name)));
}

/** Acts of a person in classes that are erased: searches, loans, and mentions by another person. */
async function actFor({ audit }: House, id: string, mark: string, times = 5): Promise<void> {
  for (let i = 0; i < times; i++) {
    runAs({ kind: "user", id, ip: "198.51.100.7", sessionId: `session-${mark}`, userAgent: "Firefox/140" }, () => {
      audit.record(bookLent, { data: { title: `Title ${mark} ${i}` }, resource: { type: "book", id: `id-${mark}-${i}` } });
      audit.record(queryReceived, { data: { length: 7, digest: `digest-${mark}` } });
    });
    runAs({ kind: "user", id: "amina" }, () =>
      audit.record(accountChanged, { subjects: [{ id, role: "target", about: { note: `about-${mark}` } }], data: { field: "shelf" } }),
    );
  }
  await audit.flush();
}

/** Everything the trail holds of a person, whole and in values that no other person shares, with the salts of its commitments. */
function partsOf({ path }: House, sub: string) {
  const db = new Database(path, { readonly: true });
  const all = db
    .prepare<[], { text: string; salt: Buffer; sub: string | null }>(
      `SELECT person AS text, salt1 AS salt, person ->> '$.sub' AS sub FROM daybook_entry WHERE person IS NOT NULL
      UNION ALL SELECT data, salt, data ->> '$.sub' FROM daybook_part WHERE data IS NOT NULL`,
    )
    .all();
  db.close();
  const mine = all.filter((part) => part.sub === sub);
  const leaves = (value: unknown): string[] =>
    typeof value === "object" && value !== null ? Object.values(value).flatMap(leaves) : [String(value)];
  const of = (parts: typeof all) => new Set(parts.flatMap(({ text }) => leaves(JSON.parse(text))));
  const others = of(all.filter((part) => part.sub !== sub));
  const values = new Set([...of(mine)].filter((value) => value.length > 5 && !others.has(value)));
  return { texts: mine.map(({ text }) => text), salts: mine.map(({ salt }) => salt), values };
}

describe("erasing a person with no class that is kept", () => {
  it("leaves no byte of the person, log intact", async () => {
    const house = await openHouse();
    const { store, audit } = house;
    await actFor(house, "reader-zz81", "qx7f", 40);
    await actFor(house, "another person", "other", 3);
    const [sub] = (await store.namesOf("reader-zz81")).slice(1);
    const { texts, salts, values } = partsOf(house, sub!);
    expect([texts.length, salts.length, values.size > 80]).toEqual([120, 120, true]);
    const { result } = await erasePerson("reader-zz81", { ...house, ...CONFIRMED, receiptKey: RECEIPT_KEY });
    expect(result).toMatchObject({ state: "proven", erased: 120 });
    const bytes = bytesOf(house);
    for (const value of ["reader-zz81", sub!, "qx7f", ...values, ...texts]) expect([value, bytes.includes(value)]).toEqual([value, false]);
    for (const salt of salts) expect([salt.toString("hex"), bytes.includes(salt)]).toEqual([salt.toString("hex"), false]);
    expect(bytes.includes("Title other")).toBe(true);
    const report = await verified(house.path);
    expect([report.verdict, report.erased]).toEqual(["intact", 120]);
    expect(await store.count({ user: "reader-zz81" })).toBe(0);
    await audit.flush();
  });

  it("resists a guess of a million ids", async () => {
    const house = await openHouse();
    const id = "user-0734512";
    await actFor(house, id, "guess");
    await actFor(house, "another person", "other", 1);
    const { issued } = await erasePerson(id, { ...house, ...CONFIRMED, receiptKey: RECEIPT_KEY });
    await house.audit.flush();
    const left = Buffer.concat([bytesOf(house), Buffer.from(issued.note)]);
    // All digests that an attacker without the keys can compute from an id, with and without the prefixes of Daybook.
    const guesses = ["", "daybook/sub/v1\n", "daybook/receipt/v1\n", "daybook/suppress/v1\n"].map(
      (prefix) => (guess: string) => hash("sha256", prefix + guess, "buffer"),
    );
    guesses.push((guess) => hash("sha1", guess, "buffer"));
    const occurs = digestsIn(left);
    const found: string[] = [];
    for (let n = 0; n < 1_000_000; n++) {
      const guess = `user-${String(n).padStart(7, "0")}`;
      for (const digest of guesses) if (occurs(digest(guess))) found.push(guess);
    }
    expect(found).toEqual([]);
    // The search finds a digest in every form.
    for (const encoding of ["latin1", "hex", "base64"] as const) {
      const planted = Buffer.concat([left, Buffer.from(`x${guesses[0]!(id).toString(encoding)}`, "latin1")]);
      expect([encoding, digestsIn(planted)(guesses[0]!(id))]).toEqual([encoding, true]);
    }
    // With the keys of the log, every remaining pseudonym belongs to a person who was not erased.
    const others = await Promise.all(["amina", "another person"].map((other) => house.store.namesOf(other)));
    const text = left.toString("latin1");
    const sessions = new Set([...text.matchAll(/"sid":"([^"]+)"/g)].map(([, sid]) => sid));
    const pseudonyms = new Set([...text.matchAll(/1\.[0-9a-f]{32}/g)].map(([sub]) => sub).filter((sub) => !sessions.has(sub)));
    expect([...pseudonyms].sort()).toEqual(others.map(([, sub]) => sub).sort());
    // Only the holder of the key of receipts can tell.
    expect(receiptOf(issued.note).commitment).toBe(createHmac("sha256", RECEIPT_KEY).update(`daybook/receipt/v1\n${id}`).digest("hex"));
  }, 60_000);

  it("keeps people with a similar id", async () => {
    const house = await openHouse();
    const ids = ["ada", "Ada", "ada ", " ada", "a\u030asa", "\u00e5sa"];
    for (const [i, id] of ids.entries()) await actFor(house, id, `twin${i}`, 1);
    await erasePerson("ada", { ...house, ...CONFIRMED });
    await erasePerson("\u00e5sa", { ...house, ...CONFIRMED });
    const counts = await Promise.all(ids.map((id) => house.store.count({ user: id })));
    expect(counts).toEqual([0, 3, 3, 3, 3, 0]);
  });
});

describe("erasing a person with classes that are kept", () => {
  it("plans per retention class, with grounds and dates", async () => {
    const house = await openHouse();
    await house.consent.give("ada", "personal_diary", TICK);
    await house.journal.record("ada", "search", { query: "only in the journal" });
    await actFor(house, "ada", "mine", 2);
    await runAs({ kind: "user", id: "ada" }, () => house.audit.record(permissionDenied, { resource: { type: "page", id: "/admin" } }))
      .stored;
    const plan = await planErasureOf("ada", house);
    expect(plan).toMatchObject({ journal: 1, consents: ["personal_diary"] });
    const { result, issued } = await erasePerson("ada", { ...house, ...CONFIRMED });
    const kept = result.plan.items.filter(({ action }) => action === "keep");
    expect(kept).toHaveLength(2);
    expect(kept).toContainEqual({
      category: "access",
      role: "actor",
      action: "keep",
      parts: 1,
      ground: "17(1)(a)",
      until: expect.any(String),
    });
    expect(kept).toContainEqual({ category: "consent", role: "actor", action: "keep", parts: 1, ground: "17(3)(e)" });
    expect(issued.receipt.lines).toContainEqual({ place: "consents", category: "personal_diary", method: "ended", before: 1, after: 0 });
    expect([await house.journal.count("ada"), await house.consent.history("ada")]).toEqual([0, []]);
    expect(await house.journal.record("ada", "search", { query: "after" })).toEqual({ outcome: "no_consent" });
    expect(bytesOf(house).includes("only in the journal")).toBe(false);
    expect(await house.store.count({ action: "consent.terminated" })).toBe(1);
  });

  it("is carried out after the release of a hold", async () => {
    const house = await openHouse();
    await actFor(house, "bob", "held", 2);
    const hold = await house.store.hold({ user: "bob", category: 3, case: "7", ground: "17(3)(e)", review: "2027-03-01" });
    await erasePerson("bob", { ...house, ...CONFIRMED });
    expect(await house.store.count({ user: "bob", type: "admin_action" })).toBe(2);
    expect(await house.store.count({ user: "bob", type: "custom" })).toBe(0);
    await house.store.release(hold.id);
    expect(await house.store.count({ user: "bob" })).toBe(0);
    expect((await verified(house.path)).verdict).toBe("intact");
    expect(bytesOf(house).includes("about-held")).toBe(false);
  });

  it("of several people makes one manifest", async () => {
    const house = await openHouse();
    for (const id of ["ada", "bob"]) {
      await actFor(house, id, id, 1);
      await house.consent.give(id, "personal_diary", TICK);
      await house.journal.record(id, "search", { query: `journal-of-${id}` });
    }
    const { result: first } = await erasePerson("ada", { ...house, ...CONFIRMED, queue: true });
    expect([first.state, await house.journal.count("ada"), await house.store.count({ user: "ada", type: "custom" })]).toEqual([
      "queued",
      0,
      1,
    ]);
    const { result: second } = await erasePerson("bob", { ...house, ...CONFIRMED });
    expect([
      second.manifests.length,
      await house.store.count({ user: "ada", type: "custom" }),
      await house.store.count({ user: "bob", type: "custom" }),
    ]).toEqual([1, 0, 0]);
  });
});

describe("an erasure that a reader holds up", () => {
  it("is pending until the reader closes, then proven", async () => {
    const house = await openHouse();
    await actFor(house, "ada", "slowly", 3);
    const reader = new Database(house.path, { readonly: true });
    reader.exec("BEGIN");
    reader.prepare("SELECT count(*) FROM daybook_entry").get();
    const { issued } = await erasePerson("ada", { ...house, ...CONFIRMED });
    expect(issued.receipt).toMatchObject({ state: "pending", reason: "a reader holds the old pages" });
    expect(bytesOf(house).includes("slowly")).toBe(true);
    expect(await followErasures(house)).toEqual([]);
    reader.close();
    const [proven] = await followErasures(house);
    expect(proven?.receipt).toMatchObject({ state: "proven", previous: issued.receipt.receipt, commitment: issued.receipt.commitment });
    expect(bytesOf(house).includes("slowly")).toBe(false);
    expect(await followErasures(house)).toEqual([]);
  });
});

describe("what an erasure says about itself", () => {
  it("names the person in no message, metric or receipt", async () => {
    const said: string[] = [];
    const write = process.stderr.write.bind(process.stderr);
    process.stderr.write = (text: string | Uint8Array) => void said.push(String(text)) === undefined;
    onTestFinished(() => {
      process.stderr.write = write;
    });
    const metrics = createMetrics();
    const house = await openHouse({ sinks: [metrics.events()] });
    const { store, audit, consent } = house;
    metrics.watch(audit);
    metrics.watchHealth(privacyHealth({ store, journals: [house.journal] }));
    const id = "reader-nn53";
    await actFor(house, id, "quiet", 3);
    const [, sub] = await store.namesOf(id);
    const erasedAfter = (await store.query({}, { limit: 1 })).events[0]!.seq;
    const plan = await planErasureOf(id, house);
    const reader = new Database(house.path, { readonly: true });
    reader.exec("BEGIN");
    reader.prepare("SELECT count(*) FROM daybook_entry").get();
    const { result, issued } = await runAs({ kind: "user", id: "clerk" }, () => erasePerson(id, { ...house, ...CONFIRMED }));
    reader.close();
    const followed = await followErasures(house);
    const late = await openHouse({ path: house.path, clock: { now: () => Date.now() - 3_600_000 } });
    const refused = runAs({ kind: "user", id }, () => late.audit.record(bookLent, { data: { title: "late" } })).stored;
    const errors = [await refused.catch(String), await planErasureOf(id, house).catch(String)];
    expect(errors).toEqual([expect.stringContaining("SUPPRESSED"), expect.stringContaining("PERSON_UNKNOWN")]);
    await audit.flush();
    expect((await consent.status("another person")).length).toBe(2);
    const records = await store.query({ after: erasedAfter }, { order: "oldest", limit: 100 });
    expect(records.events.map(({ action }) => action)).toEqual(expect.arrayContaining(["ledger.erasure", "gdpr.receipt_issued"]));
    const all = [said, errors, records, plan, result, issued, followed, audit.stats(), await store.eraseStatus(), await store.receipts()];
    const text = `${JSON.stringify(all)}${await metrics.registry.metrics()}`;
    expect(text).toContain("daybook_erasure_pending_oldest_timestamp_seconds");
    expect(said.join("")).toContain("SUPPRESSED");
    for (const name of [id, sub!]) expect([name, text.includes(name)]).toEqual([name, false]);
  });
});

describe("a backup from before an erasure", () => {
  it("repeats the erasures first and refuses late events", async () => {
    const house = await openHouse();
    await house.consent.give("ada", "personal_diary", TICK);
    await house.journal.record("ada", "search", { query: "backed-up-query" });
    await actFor(house, "ada", "backed-up", 3);
    const backups = join(dirname(house.path), "..", `${dirname(house.path).split("/").pop()}-backup`);
    mkdirSync(backups);
    const backup = join(backups, "audit.db");
    await backupDatabase(house.path, backup);
    await erasePerson("ada", { ...house, ...CONFIRMED });
    await house.store.checkpoint();
    await house.journal.close();
    house.consent.close();
    await house.audit.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(house.path + suffix, { force: true });
    copyFileSync(backup, house.path);
    await expect(openSqliteStore({ path: house.path, onNotice: () => undefined })).rejects.toMatchObject({ code: "LOG_DAMAGED" });
    const planned = await restoreLedger({ path: house.path });
    expect(planned).toMatchObject({ confirmed: false, forgotten: 1 });
    expect(await restoreLedger({ path: house.path, confirm: true })).toMatchObject({ confirmed: true, forgotten: 1 });
    rmSync(backups, { recursive: true });
    const again = await openHouse({ path: house.path });
    expect([
      await again.journal.count("ada"),
      await again.consent.history("ada"),
      await again.store.count({ user: "ada", type: ["custom", "query"] }),
    ]).toEqual([0, [], 0]);
    expect(bytesOf(house).includes("backed-up")).toBe(false);
    const clock = { now: () => Date.parse("2026-01-01T00:00:00Z") };
    const late = await openHouse({ path: house.path, clock });
    const receipt = runAs({ kind: "user", id: "ada" }, () => late.audit.record(bookLent, { data: { title: "late" } }));
    await expect(receipt.stored).rejects.toMatchObject({ code: "EVENT_REFUSED", hint: expect.stringContaining("SUPPRESSED") });
    expect(late.audit.stats().dropped.refused).toBe(1);
    expect((await verified(house.path)).verdict).toBe("intact");
  });
});

describe("an erasure", () => {
  it("is refused unconfirmed, unverified or for unknown persons", async () => {
    const house = await openHouse();
    await actFor(house, "ada", "safe", 1);
    const erase = (id: string, options: object) => erasePerson(id, { ...house, ...CONFIRMED, ...options });
    await expect(erase("ada", { confirm: false })).rejects.toMatchObject({ code: "NOT_CONFIRMED" });
    await expect(erase("ada", { confirm: "yes" })).rejects.toMatchObject({ code: "NOT_CONFIRMED" });
    await expect(erase("ada", { verification: undefined })).rejects.toMatchObject({ code: "IDENTITY_UNVERIFIED" });
    await expect(erase("ada", { verification: { method: "email_loop", confirmed: false } })).rejects.toMatchObject({
      code: "IDENTITY_UNVERIFIED",
    });
    await expect(erase("Ada", {})).rejects.toMatchObject({ code: "PERSON_UNKNOWN" });
    expect(await house.store.count({ user: "ada" })).toBe(3);
  });

  it("repeated, finds nothing more", async () => {
    const house = await openHouse();
    await actFor(house, "reader-kk42", "again", 2);
    await runAs({ kind: "user", id: "clerk" }, () => erasePerson("reader-kk42", { ...house, ...CONFIRMED }));
    await expect(erasePerson("reader-kk42", { ...house, ...CONFIRMED })).rejects.toMatchObject({ code: "PERSON_UNKNOWN" });
    await house.audit.flush();
    expect(bytesOf(house).includes("reader-kk42")).toBe(false);
  });

  it("continues after a crash", async () => {
    const house = await openHouse();
    await actFor(house, "ada", "crash", 2);
    const [, sub] = await house.store.namesOf("ada");
    await house.journal.close();
    house.consent.close();
    await house.audit.close();
    // What the first transaction of an erasure leaves when the process dies right after it.
    const db = new Database(house.path);
    db.prepare("INSERT INTO daybook_queue (sub, basis, scope, running, queued) VALUES (?, 'request', 'persons', 1, ?)").run(
      sub,
      new Date().toISOString(),
    );
    db.close();
    const again = await openHouse({ path: house.path });
    expect(await again.store.count({ user: "ada" })).toBe(0);
    expect((await verified(house.path)).verdict).toBe("intact");
  });
});

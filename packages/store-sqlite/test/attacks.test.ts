import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuditLog, permissionDenied, runAs } from "@daybook/core";
import {
  canonicalText,
  commitPart,
  decodeEntry,
  encodeEntry,
  Frontier,
  formatCheckpoint,
  formatKeys,
  type LedgerKeys,
  leafHash,
  newKeys,
  parseKeys,
  sealNext,
  signNote,
  splitKeys,
  type VerifyReport,
} from "@daybook/ledger";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backupDatabase, openSqliteReader, openSqliteStore, SCHEMA } from "../src/index.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { bookLent } from "./support/trail.ts";

/**
 * The attacks of docs/ledger.md on a real file. Entries 1 to 20 are below a checkpoint of which an auditor has a
 * copy, 21 to 30 are newer. Entry 5 has two persons in the table of parts. Entry 31 erased one person from entries 8
 * and 9.
 */
let folder: string;
let original: string;
let keysText: string;
let keys: LedgerKeys;
let witnessed: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "daybook-attacks-"));
  original = join(folder, "audit.db");
  const store = await openSqliteStore({ path: original, onNotice: () => undefined });
  const audit = createAuditLog({ store, catalogue: [bookLent], signals: false, lifecycle: false });
  const lend = (user: string, i: number) =>
    runAs({ kind: "user", id: user }, () => audit.record(bookLent, { data: { title: `Book ${i}`, days: i } })).stored;
  for (let i = 1; i <= 20; i++) {
    if (i === 5)
      await runAs({ kind: "user", id: "carol" }, () => audit.record(permissionDenied, { subjects: [{ id: "dora" }, { id: "emil" }] }))
        .stored;
    else await lend(i === 8 || i === 9 ? "gone" : `reader-${i}`, i);
  }
  witnessed = (await store.checkpoint()).note;
  for (let i = 21; i <= 30; i++) await lend(`reader-${i}`, i);
  await store.erase("gone");
  for (let i = 0; i < 100 && (await store.query({ action: "ledger.proven" })).events.length === 0; i++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  await audit.close();
  keysText = readFileSync(`${original}.keys`, "utf8");
  keys = parseKeys(keysText);
});

afterAll(() => rmSync(folder, { recursive: true }));

type Db = Database.Database;

interface Copy {
  readonly path: string;
  edit(action: (db: Db) => void): void;
  verify(knowledge: "db" | "seal" | "out", note?: string): Promise<VerifyReport>;
}

const OURS = SCHEMA.filter((sql) => sql.startsWith("CREATE TRIGGER"));

function copyOf(source: string): Copy {
  const path = join(temporaryFolder(), "audit.db");
  copyFileSync(source, path);
  return {
    path,
    /** An attacker who knows the schema: triggers are dropped and restored. */
    edit(action) {
      const db = new Database(path);
      for (const sql of OURS) db.exec(`DROP TRIGGER ${/TRIGGER (\w+)/.exec(sql)![1]}`);
      action(db);
      for (const sql of OURS) db.exec(sql);
      db.close();
    },
    async verify(knowledge, note = witnessed) {
      // Three levels of knowledge: public key only; also the seal key; also a checkpoint from outside.
      const reader = await openSqliteReader({ path, ...(knowledge === "db" ? {} : { keys: keysText }) });
      const report = await reader.verify(knowledge === "out" ? { notes: [{ note, source: "witnessed" }] } : {});
      await reader.close();
      return report;
    },
  };
}

const codes = (report: VerifyReport) =>
  [...report.findings, ...report.warnings]
    .map(({ code }) => code)
    .filter((code) => code !== "SELF_ATTESTED" && code !== "NO_SEAL_KEY" && code !== "UNWITNESSED");
const row = (db: Db, seq: number) =>
  db.prepare("SELECT * FROM daybook_entry WHERE seq = ?").get(seq) as {
    seq: number;
    entry: Buffer;
    seal: Buffer;
    salt0: Buffer;
    head: string;
    salt1: Buffer;
    person: string;
  };

/** Changes the head of an entry and recomputes salt, commitment and entry. */
function forgeHead(db: Db, seq: number, change: (head: Record<string, unknown>) => void): void {
  const { entry, head } = row(db, seq);
  const value = JSON.parse(head) as Record<string, unknown>;
  change(value);
  const text = canonicalText(value);
  const salt = Buffer.alloc(32, 7);
  const decoded = decodeEntry(entry)!;
  const commitments = [commitPart(0, salt, Buffer.from(text)), ...decoded.commitments.slice(1)];
  db.prepare("UPDATE daybook_entry SET entry = ?, salt0 = ?, head = ? WHERE seq = ?").run(
    encodeEntry({ class: decoded.class, commitments }),
    salt,
    text,
    seq,
  );
}

function reseal(db: Db, from: number): void {
  let seal: Uint8Array = from === 0 ? new Uint8Array(16) : row(db, from - 1).seal;
  for (const { seq, entry } of db.prepare("SELECT seq, entry FROM daybook_entry WHERE seq >= ? ORDER BY seq").all(from) as {
    seq: number;
    entry: Buffer;
  }[]) {
    seal = sealNext(keys.seal!, seq, seal, leafHash(entry));
    db.prepare("UPDATE daybook_entry SET seal = ? WHERE seq = ?").run(seal, seq);
  }
}

function resign(db: Db, signer: LedgerKeys = keys, origin = `${keys.name}/1`): void {
  const sizes = db.prepare("SELECT size FROM daybook_checkpoint ORDER BY size").pluck().all() as number[];
  const frontier = Frontier.empty();
  for (const entry of db.prepare("SELECT entry FROM daybook_entry ORDER BY seq").pluck().all() as Buffer[]) {
    frontier.push(leafHash(entry));
    if (!sizes.includes(frontier.size)) continue;
    const note = signNote(formatCheckpoint(origin, frontier.size, frontier.root()), [{ name: origin, key: signer.sign! }]);
    db.prepare("UPDATE daybook_checkpoint SET note = ?, frontier = ? WHERE size = ?").run(note, frontier.toBytes(), frontier.size);
  }
}

const lastSeq = (db: Db) => db.prepare("SELECT max(seq) FROM daybook_entry").pluck().get() as number;

/** The entry of a writer without keys: everything is valid except the seal. */
function forgeEntry(db: Db, head: object, context?: object): void {
  const seq = lastSeq(db) + 1;
  const texts = [canonicalText(head), ...(context === undefined ? [] : [canonicalText(context)])];
  const salts = texts.map((_, i) => Buffer.alloc(32, 40 + i));
  const entry = encodeEntry({
    class: context === undefined ? 1 : 8,
    commitments: texts.map((text, i) => commitPart(i, salts[i]!, Buffer.from(text))),
  });
  db.prepare("INSERT INTO daybook_entry (seq, entry, seal, salt0, head, salt1, person) VALUES (?, ?, ?, ?, ?, ?, ?)").run(
    seq,
    entry,
    Buffer.alloc(16, 9),
    salts[0],
    texts[0],
    context === undefined ? null : salts[1],
    context === undefined ? null : texts[1],
  );
}

const HEAD = {
  id: "0199d7a0-0000-7000-8000-00000000ffff",
  ts: new Date().toISOString(),
  type: "custom",
  action: "book.lent",
  severity: "info",
  outcome: "success",
  actor_kind: "system",
};

describe("an untouched log", () => {
  it("is intact and names its erasures", async () => {
    const copy = copyOf(original);
    const alone = await copy.verify("db");
    expect(alone).toMatchObject({
      verdict: "intact",
      grade: "tamper-detecting",
      entries: 33,
      signedTo: 33,
      erased: 2,
      firstBad: null,
      erasures: [{ manifest: 31, parts: 2, gone: { "1": [[8, 9]] } }],
    });
    const outside = await copy.verify("out");
    expect(outside).toMatchObject({ verdict: "intact", grade: "tamper-evident", findings: [] });
    expect(codes(outside)).toEqual([]);
  });
});

describe("1: a value in a person part is edited", () => {
  it("is ALTERED at that entry", async () => {
    const copy = copyOf(original);
    copy.edit((db) => db.exec("UPDATE daybook_entry SET person = replace(person, 'Book 3', 'Book 4') WHERE seq = 3"));
    expect(await copy.verify("db")).toMatchObject({
      verdict: "tampered",
      firstBad: 3,
      findings: [{ code: "ALTERED", first: [{ seq: 3, part: 1 }] }],
    });
  });
});

describe("2: the severity in a head is edited", () => {
  it("is ALTERED at that entry", async () => {
    const copy = copyOf(original);
    copy.edit((db) => db.exec(`UPDATE daybook_entry SET head = replace(head, '"severity":"info"', '"severity":"error"') WHERE seq = 4`));
    expect(await copy.verify("db")).toMatchObject({ firstBad: 4, findings: [{ code: "ALTERED", first: [{ seq: 4, part: 0 }] }] });
  });
});

describe("3: a head below a checkpoint is edited, and its entry recomputed", () => {
  it("is ROOT_MISMATCH, and BAD_SEAL with the seal key", async () => {
    const copy = copyOf(original);
    copy.edit((db) =>
      forgeHead(db, 4, (head) => {
        head.severity = "error";
      }),
    );
    expect(codes(await copy.verify("db"))).toContain("ROOT_MISMATCH");
    const sealed = await copy.verify("seal");
    expect(codes(sealed)).toEqual(expect.arrayContaining(["ROOT_MISMATCH", "BAD_SEAL"]));
    expect(sealed.firstBad).toBe(4);
  });
});

describe("4: the same in the unsigned tail", () => {
  it("is detected only with the seal key", async () => {
    const copy = copyOf(original);
    // A writer without the signing key leaves its entries to the checkpointer.
    const store = await openSqliteStore({ path: copy.path, keys: formatKeys(splitKeys(keys, "app")), onNotice: () => undefined });
    const audit = createAuditLog({ store, catalogue: [bookLent], signals: false, lifecycle: false });
    for (let i = 0; i < 3; i++) await audit.record(bookLent, { data: { title: "Emma", days: i } }).stored;
    await audit.close();
    copy.edit((db) =>
      forgeHead(db, 34, (head) => {
        head.severity = "error";
      }),
    );
    const alone = await copy.verify("db");
    expect([alone.verdict, codes(alone)]).toEqual(["intact", ["UNANCHORED_TAIL"]]);
    expect(await copy.verify("seal")).toMatchObject({ verdict: "tampered", firstBad: 34 });
  });
});

describe("5: one person part is removed silently", () => {
  it.each([
    ["from the row", "UPDATE daybook_entry SET salt1 = NULL, person = NULL WHERE seq = 3", 3, 1],
    ["from the table", "DELETE FROM daybook_part WHERE slot = 256 * 5 + 3", 5, 3],
  ])("%s: UNEXPLAINED_LOSS", async (_, sql, seq, part) => {
    const copy = copyOf(original);
    copy.edit((db) => db.exec(sql));
    expect(await copy.verify("db")).toMatchObject({
      verdict: "tampered",
      firstBad: seq,
      findings: [{ code: "UNEXPLAINED_LOSS", first: [{ seq, part }] }],
    });
  });
});

describe("6: an entry row is deleted", () => {
  it("is MISSING_ENTRY, and ORPHAN for its parts", async () => {
    const copy = copyOf(original);
    copy.edit((db) => db.exec("DELETE FROM daybook_entry WHERE seq = 5"));
    const report = await copy.verify("db");
    expect(codes(report)).toEqual(expect.arrayContaining(["MISSING_ENTRY", "ORPHAN"]));
    expect(report.firstBad).toBe(5);
  });

  it("is ROOT_MISMATCH or BAD_SEAL if later entries are renumbered", async () => {
    const copy = copyOf(original);
    copy.edit((db) => {
      db.exec("DELETE FROM daybook_entry WHERE seq = 6");
      const last = lastSeq(db);
      for (let seq = 7; seq <= last; seq++) db.prepare("UPDATE daybook_entry SET seq = ? WHERE seq = ?").run(seq - 1, seq);
    });
    expect(codes(await copy.verify("db"))).toContain("ROOT_MISMATCH");
    const sealed = await copy.verify("seal");
    expect(codes(sealed)).toEqual(expect.arrayContaining(["ROOT_MISMATCH", "BAD_SEAL"]));
    expect(sealed.firstBad).toBe(6);
  });
});

describe("7: two entries change places, with their parts", () => {
  it("is ROOT_MISMATCH, and BAD_SEAL with the seal key", async () => {
    const copy = copyOf(original);
    copy.edit((db) => {
      const [a, b] = [row(db, 3), row(db, 4)];
      const put = db.prepare("UPDATE daybook_entry SET entry = ?, salt0 = ?, head = ?, salt1 = ?, person = ? WHERE seq = ?");
      db.exec("UPDATE daybook_entry SET salt0 = NULL, head = NULL WHERE seq IN (3, 4)");
      put.run(b.entry, b.salt0, b.head, b.salt1, b.person, 3);
      put.run(a.entry, a.salt0, a.head, a.salt1, a.person, 4);
    });
    expect(codes(await copy.verify("db"))).toContain("ROOT_MISMATCH");
    const sealed = await copy.verify("seal");
    expect(codes(sealed)).toEqual(expect.arrayContaining(["ROOT_MISMATCH", "BAD_SEAL"]));
    expect(sealed.firstBad).toBe(3);
  });
});

describe("8: a forged event is appended without keys", () => {
  it("is BAD_SEAL with keys and never signed", async () => {
    const copy = copyOf(original);
    copy.edit((db) => forgeEntry(db, HEAD));
    const alone = await copy.verify("db");
    expect([alone.verdict, codes(alone)]).toEqual(["intact", ["UNANCHORED_TAIL"]]);
    expect(await copy.verify("seal")).toMatchObject({ verdict: "tampered", firstBad: 33, findings: [{ code: "BAD_SEAL" }] });
    const notices: string[] = [];
    const store = await openSqliteStore({ path: copy.path, keys: keysText, onNotice: (notice) => notices.push(notice) });
    await expect(store.checkpoint()).rejects.toMatchObject({ code: "LOG_DAMAGED", hint: expect.stringContaining("entry 33") });
    await store.close();
  });
});

describe("9: an erasure is forged in the tail", () => {
  it("is UNEXPLAINED_LOSS, and BAD_SEAL with the seal key", async () => {
    const copy = copyOf(original);
    copy.edit((db) => {
      forgeEntry(
        db,
        { ...HEAD, type: "compliance", action: "ledger.erasure", ledger: { basis: ["request"], n: 1 } },
        { gone: { "1": [3] }, role: "context" },
      );
      db.exec("UPDATE daybook_entry SET salt1 = NULL, person = NULL WHERE seq = 3");
    });
    expect(await copy.verify("db")).toMatchObject({
      firstBad: 3,
      findings: [{ code: "UNEXPLAINED_LOSS", first: [{ seq: 3, part: 1, text: expect.stringContaining("entry 33") }] }],
    });
    expect(codes(await copy.verify("seal"))).toEqual(expect.arrayContaining(["UNEXPLAINED_LOSS", "BAD_SEAL"]));
  });
});

describe("10: the tail and the newer notes are cut off", () => {
  it("is TRUNCATED only with a note from outside", async () => {
    const copy = copyOf(original);
    const newest = new Database(original, { readonly: true });
    const note = newest.prepare("SELECT note FROM daybook_checkpoint ORDER BY size DESC LIMIT 1").pluck().get() as string;
    newest.close();
    copy.edit((db) => {
      // An older copy that still lacks the removed parts would have unexplained losses, so the cut is above it.
      db.exec("DELETE FROM daybook_entry WHERE seq > 31");
      db.exec("DELETE FROM daybook_checkpoint WHERE size > 32");
    });
    expect((await copy.verify("seal")).findings).toEqual([]);
    expect(codes(await copy.verify("out", note))).toContain("TRUNCATED");
  });
});

describe("11: a backup from before an erasure is restored", () => {
  it("is TRUNCATED, then ROOT_MISMATCH, with notes from outside", async () => {
    const path = join(temporaryFolder(), "audit.db");
    const store = await openSqliteStore({ path, onNotice: () => undefined });
    const audit = createAuditLog({ store, catalogue: [bookLent], signals: false, lifecycle: false });
    const lend = (user: string) =>
      runAs({ kind: "user", id: user }, () => audit.record(bookLent, { data: { title: "Emma", days: 1 } })).stored;
    for (let i = 0; i < 5; i++) await lend("ada");
    const backup = join(temporaryFolder(), "backup.db");
    await backupDatabase(path, backup);
    await store.erase("ada");
    await lend("bob");
    const { note } = await store.checkpoint();
    await audit.close();
    const keysOf = readFileSync(`${path}.keys`, "utf8");
    const verify = async (outside: boolean) => {
      const reader = await openSqliteReader({ path: backup, keys: keysOf });
      const report = await reader.verify(outside ? { notes: [{ note, source: "witnessed" }] } : {});
      await reader.close();
      return report;
    };
    expect((await verify(false)).findings).toEqual([]);
    expect(codes(await verify(true))).toContain("TRUNCATED");
    const again = await openSqliteStore({ path: backup, keys: keysOf, onNotice: () => undefined });
    const more = createAuditLog({ store: again, catalogue: [bookLent], signals: false, lifecycle: false });
    for (let i = 0; i < 8; i++) await more.record(bookLent, { data: { title: "Persuasion", days: 1 } }).stored;
    await more.close();
    const later = codes(await verify(true));
    expect(later.includes("FORK") || later.includes("ROOT_MISMATCH")).toBe(true);
  });
});

describe("12: an erased part is restored from a backup", () => {
  it("is RESURRECTED at that entry", async () => {
    const copy = copyOf(original);
    copy.edit((db) => {
      const other = row(db, 7);
      db.prepare("UPDATE daybook_entry SET salt1 = ?, person = ? WHERE seq = 8").run(other.salt1, other.person);
    });
    expect(codes(await copy.verify("db"))).toContain("RESURRECTED");
  });
});

describe("13: a key holder rewrites and signs again", () => {
  it("is ROOT_MISMATCH only with a note from outside", async () => {
    const copy = copyOf(original);
    copy.edit((db) => {
      forgeHead(db, 4, (head) => {
        head.severity = "error";
      });
      reseal(db, 4);
      resign(db);
    });
    expect((await copy.verify("seal")).findings).toEqual([]);
    const report = await copy.verify("out");
    expect(codes(report)).toContain("ROOT_MISMATCH");
    expect(report.verdict).toBe("tampered");
  });
});

describe("14: notes are tampered with", () => {
  it.each([
    [
      "another size",
      (db: Db) =>
        db.exec(
          "UPDATE daybook_checkpoint SET note = replace(note, char(10) || '21' || char(10), char(10) || '22' || char(10)) WHERE size = 21",
        ),
    ],
    [
      "another key under the same name",
      (db: Db) =>
        resign(
          db,
          newKeys(keys.name, (n) => Buffer.alloc(n, 5)),
        ),
    ],
    ["the same key under another origin", (db: Db) => resign(db, keys, `${keys.name}x/1`)],
  ])("%s: BAD_CHECKPOINT", async (_, change) => {
    const copy = copyOf(original);
    copy.edit(change);
    expect(codes(await copy.verify("seal"))).toContain("BAD_CHECKPOINT");
  });

  it("all deleted: NO_CHECKPOINT, unless a note is given", async () => {
    const copy = copyOf(original);
    copy.edit((db) => db.exec("DELETE FROM daybook_checkpoint"));
    expect(codes(await copy.verify("seal"))).toContain("NO_CHECKPOINT");
    expect((await copy.verify("out")).findings).toEqual([]);
  });
});

describe("15: an erasure is widened", () => {
  it("by removing neighbours: UNEXPLAINED_LOSS", async () => {
    const copy = copyOf(original);
    copy.edit((db) => db.exec("UPDATE daybook_entry SET salt1 = NULL, person = NULL WHERE seq = 10"));
    expect(await copy.verify("db")).toMatchObject({ firstBad: 10, findings: [{ code: "UNEXPLAINED_LOSS" }] });
  });

  it("by editing its list: ALTERED", async () => {
    const copy = copyOf(original);
    copy.edit((db) => db.exec("UPDATE daybook_entry SET person = replace(person, '[8,9]', '[8,10]') WHERE seq = 31"));
    expect(codes(await copy.verify("db"))).toContain("ALTERED");
  });

  it("by editing list and entry: ROOT_MISMATCH", async () => {
    const copy = copyOf(original);
    copy.edit((db) => {
      const { entry, person } = row(db, 31);
      const text = person.replace("[8,9]", "[8,10]");
      const salt = Buffer.alloc(32, 3);
      const { class: entryClass, commitments } = decodeEntry(entry)!;
      db.prepare("UPDATE daybook_entry SET entry = ?, salt1 = ?, person = ? WHERE seq = 31").run(
        encodeEntry({ class: entryClass, commitments: [commitments[0]!, commitPart(1, salt, Buffer.from(text))] }),
        salt,
        text,
      );
    });
    expect(codes(await copy.verify("db"))).toContain("ROOT_MISMATCH");
  });
});

describe("16: texts are moved", () => {
  it("a head into the person's slot: ALTERED", async () => {
    const copy = copyOf(original);
    copy.edit((db) => db.exec("UPDATE daybook_entry SET person = head, salt1 = salt0 WHERE seq = 3"));
    expect(await copy.verify("db")).toMatchObject({ firstBad: 3, findings: [{ code: "ALTERED", first: [{ seq: 3, part: 1 }] }] });
  });

  it("a person's part to the next entry: ALTERED", async () => {
    const copy = copyOf(original);
    copy.edit((db) => {
      const a = row(db, 3);
      db.prepare("UPDATE daybook_entry SET salt1 = ?, person = ? WHERE seq = 4").run(a.salt1, a.person);
    });
    expect(await copy.verify("db")).toMatchObject({ firstBad: 4, findings: [{ code: "ALTERED" }] });
  });
});

describe("the file itself", () => {
  it("reports an added trigger, changed view and foreign table", async () => {
    const copy = copyOf(original);
    copy.edit((db) => db.exec("CREATE TABLE notes (text TEXT)"));
    expect(codes(await copy.verify("seal"))).toEqual(["FOREIGN_OBJECT"]);
    copy.edit((db) => db.exec("CREATE TRIGGER hide AFTER INSERT ON daybook_entry BEGIN SELECT 1; END"));
    expect(codes(await copy.verify("seal"))).toContain("SCHEMA_CHANGED");
  });
});

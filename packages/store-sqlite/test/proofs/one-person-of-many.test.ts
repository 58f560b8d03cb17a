import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type AuditEvent, permissionDenied } from "@daybook/core";
import { appendEntries, uuidV7 } from "@daybook/core/store";
import { commitPart, decodeEntry, parseVkey, SlotSet, verifyProof } from "@daybook/ledger";
import Database from "better-sqlite3";
import { beforeAll, describe, expect, it } from "vitest";
import { findNeedles } from "../../src/erasure/byte-removal.ts";
import { openSqliteReader, openSqliteStore } from "../../src/index.ts";
import { temporaryFolderOfFile } from "../support/temporary-folder.ts";
import { bookLent } from "../support/trail.ts";

/** The erased person acted in 100 events and was one of two subjects in 100 others. */
const EVENTS = 100_000;
const PERSONS = 1_000;
const BATCH = 500;
const ERASED = "reader-064";

const person = (n: number) => `reader-${String(n % PERSONS).padStart(3, "0")}`;

const path = join(temporaryFolderOfFile(), "audit.db");
const start = Date.parse("2026-11-01T09:00:00.000Z");

/** Every tenth event has two subjects beside the actor, in the table of parts, and a context part. */
function event(n: number) {
  const time = start + n;
  const common = { id: uuidV7(time), time: new Date(time).toISOString(), severity: "info", outcome: "success" } as const;
  if (n % 10 === 9) {
    const subjects = [{ id: person(n * 7 + 1) }, { id: person(n * 7 + 2), about: { shelf: "B" } }];
    const actor = { kind: "user", id: "librarian" } as const;
    const shared = { resource: { type: "book", id: `book-${n}` }, data: { policy: "two-eyes" } };
    return {
      definition: permissionDenied,
      event: { ...common, type: "access_control", action: "permission.denied", actor, subjects, ...shared } as AuditEvent,
    };
  }
  const actor = { kind: "user", id: person(n), ip: "203.0.113.0" } as const;
  const data = { title: `Title ${n}`, days: n % 30 };
  return { definition: bookLent, event: { ...common, type: "custom", action: "book.lent", actor, data } as AuditEvent };
}

interface StoredPart {
  readonly seq: number;
  readonly part: number;
  readonly salt: Buffer;
  readonly text: Buffer;
}

const partsSql = `SELECT seq, 1 AS part, salt1 AS salt, CAST(person AS BLOB) AS text FROM daybook_entry WHERE person IS NOT NULL
  UNION ALL SELECT slot / 256, slot % 256, salt, CAST(data AS BLOB) FROM daybook_part WHERE data IS NOT NULL`;

let erasedParts: readonly StoredPart[];
let manifests: readonly number[];

beforeAll(async () => {
  const store = await openSqliteStore({ path, onNotice: () => undefined });
  for (let n = 0; n < EVENTS; n += BATCH)
    await appendEntries(
      store,
      Array.from({ length: BATCH }, (_, k) => event(n + k)),
      { durable: true },
    );
  const db = new Database(path, { readonly: true });
  const before = db.prepare<[], StoredPart>(partsSql).all();
  const result = await store.erase(ERASED);
  const after = new Set(
    db
      .prepare<[], StoredPart>(partsSql)
      .all()
      .map(({ seq, part }) => `${seq}/${part}`),
  );
  db.close();
  erasedParts = before.filter(({ seq, part }) => !after.has(`${seq}/${part}`));
  manifests = result.manifests;
  await store.close();
}, 300_000);

describe(`one person of ${PERSONS}, erased from ${EVENTS} events`, () => {
  it("leaves a valid log that names the removed slots", async () => {
    const reader = await openSqliteReader({ path });
    const report = await reader.verify();
    await reader.close();
    expect(report).toMatchObject({ verdict: "intact", findings: [], erased: erasedParts.length });
    expect(erasedParts.length).toBeGreaterThan(200);
    expect(report.erasures.map(({ manifest }) => manifest)).toEqual(manifests);
    const gone = new SlotSet();
    for (const { gone: list, manifest } of report.erasures) gone.addAll(SlotSet.fromJson(list, manifest));
    expect(gone.size).toBe(erasedParts.length);
    expect(erasedParts.every(({ seq, part }) => gone.has(part, seq))).toBe(true);
  }, 120_000);

  it("leaves no name and no salt in the file", () => {
    expect(readFileSync(path).includes(ERASED)).toBe(false);
    const db = new Database(path, { readonly: true });
    const left = db.prepare<[], Buffer>("SELECT salt1 FROM daybook_entry WHERE salt1 IS NOT NULL ORDER BY seq DESC LIMIT 1").pluck().get()!;
    db.close();
    const salts = erasedParts.map(({ salt }) => salt);
    expect([findNeedles(path, salts), findNeedles(path, [...salts, left])]).toEqual([false, true]);
  });

  it("cannot be confirmed with any remaining salt", () => {
    const db = new Database(path, { readonly: true });
    const salts = db
      .prepare<[], Buffer>(
        `SELECT salt0 FROM daybook_entry WHERE salt0 IS NOT NULL UNION ALL SELECT salt1 FROM daybook_entry WHERE salt1 IS NOT NULL
        UNION ALL SELECT salt FROM daybook_part WHERE salt IS NOT NULL UNION ALL SELECT zeroblob(32) UNION ALL SELECT CAST(seal || seal AS BLOB) FROM daybook_entry`,
      )
      .pluck()
      .all();
    const entryOf = db.prepare<[number], Buffer>("SELECT entry FROM daybook_entry WHERE seq = ?").pluck();
    const confirmed = ({ seq, part, text }: StoredPart, tried: readonly Buffer[]) => {
      const commitment = decodeEntry(entryOf.get(seq)!)!.commitments[part]!;
      return tried.some((salt) => Buffer.compare(commitPart(part, salt, text), commitment) === 0);
    };
    // With its salt the text is confirmed: the same check must fail without it.
    expect(erasedParts.every((part) => confirmed(part, [part.salt]))).toBe(true);
    expect(salts.length).toBeGreaterThan(2 * EVENTS);
    const [ofRow, ofTable] = [erasedParts.find(({ part }) => part === 1)!, erasedParts.find(({ part }) => part > 1)!];
    expect([confirmed(ofRow, salts), confirmed(ofTable, salts)]).toEqual([false, false]);
    // For all other parts, the nearest salts: those of their own entry and of its neighbours.
    const near = db
      .prepare<[number, number, number, number], Buffer>(
        `SELECT salt0 FROM daybook_entry WHERE seq BETWEEN ? AND ? AND salt0 IS NOT NULL
        UNION ALL SELECT salt FROM daybook_part WHERE slot / 256 BETWEEN ? AND ? AND salt IS NOT NULL`,
      )
      .pluck();
    expect(erasedParts.some((part) => confirmed(part, near.all(part.seq - 20, part.seq + 20, part.seq - 20, part.seq + 20)))).toBe(false);
    db.close();
  }, 120_000);

  it("keeps and proves the other person's part", async () => {
    const { seq, part } = erasedParts.find((one) => one.part > 1)!;
    const reader = await openSqliteReader({ path });
    const [event] = (await reader.query({}, { order: "newest", limit: 1, cursor: String(seq + 1) })).events;
    expect(event).toMatchObject({ seq, state: "partial", actor: { id: "librarian" } });
    const other = part === 2 ? 3 : 2;
    const proof = await reader.prove(seq, [0, other]);
    const proven = verifyProof(proof, { vkeys: [parseVkey(reader.vkey)] });
    expect(proven).toMatchObject({ index: seq });
    expect(JSON.stringify(proven)).toContain(event!.subjects![0]!.id);
    await expect(reader.prove(seq, [part])).rejects.toMatchObject({ code: "BAD_OPTION" });
    await reader.close();
  }, 60_000);
});

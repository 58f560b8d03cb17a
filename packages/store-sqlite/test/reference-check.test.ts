import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AuditEvent, permissionDenied } from "@daybook/core";
import { appendEntries, uuidV7 } from "@daybook/core/store";
import type { FindingGroup } from "@daybook/ledger";
import Database from "better-sqlite3";
import { beforeAll, describe, expect, it } from "vitest";
import { openSqliteReader, openSqliteStore } from "../src/index.ts";
import { editReference } from "./support/references.ts";
import { temporaryFolder, temporaryFolderOfFile } from "./support/temporary-folder.ts";

/**
 * One closed bucket with an actor, a subject and a tenant in each entry, which exceeds the first capacity for
 * references.
 */
const EVENTS = 16_500;
const path = join(temporaryFolderOfFile(), "audit.db");

beforeAll(async () => {
  const store = await openSqliteStore({ path, anchors: [], retention: "manual", onNotice: () => undefined });
  const start = Date.now() - EVENTS;
  const event = (n: number): AuditEvent => ({
    id: uuidV7(start + n),
    time: new Date(start + n).toISOString(),
    type: "access_control",
    action: "permission.denied",
    severity: "warning",
    outcome: "denied",
    actor: { kind: "user", id: `clerk-${n % 40}` },
    subjects: [{ id: `reader-${n % 700}` }],
    tenant: `library-${n % 5}`,
  });
  for (let n = 0; n < EVENTS; n += 500) {
    await appendEntries(
      store,
      Array.from({ length: 500 }, (_, k) => ({ definition: permissionDenied, event: event(n + k) })),
      { durable: true },
    );
  }
  await store.erase("reader-77");
  await store.close();
}, 120_000);

/** The finding about references of a copy after an edit. */
async function referencesAfter(edit: (copy: string) => void): Promise<FindingGroup | undefined> {
  const copy = join(temporaryFolder(), "copy.db");
  copyFileSync(path, copy);
  edit(copy);
  const reader = await openSqliteReader({ path: copy, keys: readFileSync(`${path}.keys`, "utf8") });
  const { findings } = await reader.verify();
  await reader.close();
  expect(findings.length).toBeLessThanOrEqual(1);
  return findings[0];
}

/** The closed buckets have each entry but the first, with two persons; every 700th of them is about the erased person. */
const CLOSED = Math.floor((EVENTS + 1) / 4_096) * 4_096;
const ERASED = Math.floor((CLOSED - 2 - 77) / 700) + 1;
const PERSONS = 2 * (CLOSED - 1) - ERASED;

const exec = (sql: string) => (copy: string) => {
  const db = new Database(copy);
  db.exec(sql);
  db.close();
};
const second = (record: Buffer) => record.readUInt8(10) === 2;
const nextKey = (record: Buffer) => record.writeUInt8(record.readUInt8(7) ^ 1, 7);

describe("references of a closed bucket", () => {
  it("match the persons and tenants of its entries", async () => {
    expect(await referencesAfter(() => undefined)).toBeUndefined();
  });

  it.each<[string, (copy: string) => void, unknown, string]>([
    ["one that is missing", (copy) => editReference(copy, second, (record) => record.fill(0)), 1, "is in no reference"],
    // An edited record is out of order, so that the records of its key after it are named as well.
    ["one of another person", (copy) => editReference(copy, second, nextKey), expect.any(Number), "of entry"],
    ["one without a person", (copy) => editReference(copy, second, (record) => record.writeUInt8(9, 10)), 2, "points to part 9"],
    [
      "those of a bucket that is not complete",
      exec("INSERT INTO daybook_reference SELECT chunk + 32000000, refs FROM daybook_reference"),
      expect.any(Number),
      "is not complete",
    ],
    ["all of them that are missing", exec("DELETE FROM daybook_reference"), PERSONS, "is in no reference"],
  ])("show %s", async (_, edit, count, text) => {
    const found = await referencesAfter(edit);
    expect(found).toMatchObject({ code: "INDEX_DAMAGED", count });
    expect(found!.first.map((finding) => finding.text).join("\n")).toContain(text);
  });
});

describe("the summary of a closed bucket", () => {
  it.each([
    ["without it", "DELETE FROM daybook_bucket WHERE bucket = 0", "have no summary"],
    [
      "with another count",
      `UPDATE daybook_bucket SET counts = replace(counts, '"denied":4', '"denied":3') WHERE bucket = 0`,
      "does not match",
    ],
    ["with another time", "UPDATE daybook_bucket SET last_time = first_time WHERE bucket = 1", "does not match"],
    ["with another id", "UPDATE daybook_bucket SET first_id = last_id WHERE bucket = 1", "does not match"],
    [
      "with another position",
      "UPDATE daybook_bucket SET positions = CAST(positions || x'0000' AS BLOB) WHERE bucket = 1",
      "does not match",
    ],
  ])("is reported: %s", async (_, sql, text) => {
    const found = await referencesAfter(exec(sql));
    expect(found).toMatchObject({ code: "INDEX_DAMAGED" });
    expect(found!.first.map((finding) => finding.text).join("\n")).toContain(text);
  });
});

import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AuditEvent, permissionDenied } from "@daybook/core";
import { appendEntries, uuidV7 } from "@daybook/core/store";
import type { FindingGroup } from "@daybook/ledger";
import Database from "better-sqlite3";
import { beforeAll, describe, expect, it } from "vitest";
import { openSqliteReader, openSqliteStore } from "../src/index.ts";
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

/** The finding about references of a copy after `sql`. */
async function referencesAfter(sql: string): Promise<FindingGroup | undefined> {
  const copy = join(temporaryFolder(), "copy.db");
  copyFileSync(path, copy);
  const db = new Database(copy);
  db.exec(sql);
  db.close();
  const reader = await openSqliteReader({ path: copy, keys: readFileSync(`${path}.keys`, "utf8") });
  const { findings } = await reader.verify();
  await reader.close();
  expect(findings.length).toBeLessThanOrEqual(1);
  return findings[0];
}

/** Entries 1 to 16,383 are in the bucket, each with two persons; every 700th is about the erased person. */
const PERSONS = 2 * 16_383 - 24;

const ref = "(SELECT seq FROM daybook_ref WHERE part = 2 ORDER BY seq LIMIT 1 OFFSET 100)";

describe("references of a closed bucket", () => {
  it("match the persons and tenants of its entries", async () => {
    expect(await referencesAfter("SELECT 1")).toBeUndefined();
  });

  it.each([
    ["one that is missing", `DELETE FROM daybook_ref WHERE part = 2 AND seq = ${ref}`, 1, "is in no reference"],
    ["one of another person", `UPDATE daybook_ref SET key = key + 1 WHERE part = 2 AND seq = ${ref}`, 2, "of entry"],
    [
      "one without a person",
      "INSERT INTO daybook_ref SELECT bucket, key, seq, 9 FROM daybook_ref WHERE part = 2 LIMIT 1",
      1,
      "points to part 9",
    ],
    ["all of them that are missing", "DELETE FROM daybook_ref WHERE part > 0", PERSONS, "is in no reference"],
  ])("show %s", async (_, sql, count, text) => {
    const found = await referencesAfter(sql);
    expect(found).toMatchObject({ code: "INDEX_DAMAGED", count });
    expect(found!.first[0]!.text).toContain(text);
  });
});

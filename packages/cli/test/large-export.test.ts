import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuditLog } from "@daybook/core";
import { createConsent, defineNotice, definePurpose } from "@daybook/gdpr";
import { openSqliteStore } from "@daybook/store-sqlite";
import Database from "better-sqlite3";
import { beforeAll, describe, expect, it } from "vitest";
import { daybook } from "./support/run-daybook.ts";

/** A million takes minutes on a busy machine; `DAYBOOK_HEAVY=1` asks for it. */
const ENTRIES = process.env.DAYBOOK_HEAVY === "1" ? 1_000_000 : 60_000;
const MOST_MIB = 150;

let folder: string;
let path: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "daybook-large-export-"));
  path = join(folder, "audit.db");
  const store = await openSqliteStore({ path, onNotice: () => undefined });
  const audit = createAuditLog({ store, signals: false, onNotice: () => undefined });
  const diary = definePurpose({
    purpose: "personal_diary",
    version: "1",
    title: "A diary",
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
  const consent = await createConsent({ audit, store, purposes: [diary], notices: [notice], sweepEveryMs: 0 });
  const act = { what: "checkbox ticked, form sent", before: false, after: true };
  const given = await consent.give("ada", "personal_diary", { method: "ui", act });
  const [, sub] = await store.namesOf("ada");
  consent.close();
  await audit.close();
  // Recorded one by one these would take longer than the export.
  const db = new Database(path);
  const personKey = db.prepare<[], number>("SELECT person FROM user_consent").pluck().get();
  db.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
    INSERT INTO daybook_journal (user_id, timestamp, activity_type, query, resource_type, resource_id, details, consent_id, sub, person, consent_type, version, entry_id)
    SELECT 'ada', '2026-11-24T10:00:00.000Z', 'search', 'what the audit trail of a library records, number ' || i, 'book', i % 500,
      '{"found":' || (i % 10) || '}', ?, ?, ?, 'personal_diary', '1', printf('01900000-0000-7000-8000-%012x', i) FROM n`,
  ).run(ENTRIES, given.consent, sub, personKey);
  db.close();
  return () => rmSync(folder, { recursive: true });
}, 300_000);

async function linesOf(file: string): Promise<number> {
  let lines = 0;
  for await (const chunk of createReadStream(file)) for (const byte of chunk as Buffer) if (byte === 10) lines++;
  return lines;
}

describe(`the export of ${ENTRIES} journal entries`, () => {
  it(`is complete, in less than ${MOST_MIB} MiB`, async () => {
    const [watch, result, output] = [join(folder, "watch.mjs"), join(folder, "result"), join(folder, "package")];
    writeFileSync(
      watch,
      `import { writeFileSync } from "node:fs"; process.on("exit", () => writeFileSync(${JSON.stringify(result)}, String(process.resourceUsage().maxRSS)));`,
    );
    const answer = await daybook(["gdpr", "export", "--db", path, "--user", "ada", "--output", output], {
      env: { NODE_OPTIONS: `--import ${watch}` },
    });
    expect([answer.status, answer.stderr]).toEqual([0, ""]);
    const maxRssMiB = Number(readFileSync(result, "utf8")) / 1024;
    console.log(`memory: ${maxRssMiB.toFixed(0)} MiB for ${ENTRIES} entries`);
    expect(maxRssMiB).toBeLessThan(MOST_MIB);
    const { files } = JSON.parse(readFileSync(join(output, "manifest.json"), "utf8")) as { files: { path: string; rows?: number }[] };
    expect(files.find((file) => file.path === "journal.csv")?.rows).toBe(ENTRIES);
    expect(await linesOf(join(output, "portability.csv"))).toBe(ENTRIES + 1);
    expect(statSync(join(output, "export.json")).size).toBeGreaterThan(ENTRIES * 200);
  }, 600_000);
});

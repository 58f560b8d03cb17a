import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuditLog, defineEvent } from "@daybook/core";
import Database from "better-sqlite3";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openSqliteStore } from "../../src/index.ts";
import { type Needle, scanFolder } from "./support/folder-scan.ts";

/** `DAYBOOK_EVENTS` and `DAYBOOK_PERSONS` set other sizes. */
const EVENTS = Number(process.env.DAYBOOK_EVENTS ?? 50_000);
const ERASED = Number(process.env.DAYBOOK_PERSONS ?? 1_000);
const PERSONS = 2 * ERASED;
/** Events that the application records between two erasures. */
const BETWEEN = 3;

const folder = mkdtempSync(join(tmpdir(), "daybook-many-erased-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lent = defineEvent({ type: "custom", action: "book.lent", data: z.object({ shelf: z.string() }) });

/** 16 random bytes as hexadecimal digits. */
const WORD = /(?<![0-9a-f.])[0-9a-f]{32}/g;

interface PartRow {
  readonly salt: Buffer;
  readonly text: string;
}

/** Salts and texts of all parts, by pseudonym. */
function partsBySub(path: string): Map<string, PartRow[]> {
  const db = new Database(path, { readonly: true });
  const rows = db
    .prepare<[], PartRow>(
      `SELECT salt1 AS salt, person AS text FROM daybook_entry WHERE person IS NOT NULL
      UNION ALL SELECT salt, data FROM daybook_part WHERE data IS NOT NULL`,
    )
    .all();
  db.close();
  const bySub = new Map<string, PartRow[]>();
  for (const row of rows) {
    const { sub } = JSON.parse(row.text) as { sub?: string };
    if (sub !== undefined) bySub.set(sub, [...(bySub.get(sub) ?? []), row]);
  }
  return bySub;
}

describe(`${ERASED} persons erased one by one from ${EVENTS} events while the application records`, () => {
  it("leave no salt, no text and no pseudonym in any file", { timeout: 600_000 }, async () => {
    const path = join(folder, "audit.db");
    const store = await openSqliteStore({ path, onNotice: () => undefined });
    const audit = createAuditLog({ store, catalogue: [lent], signals: false, lifecycle: false });
    let n = 0;
    // One to four parts of lengths that make pages break everywhere. Every text is a word that occurs nowhere else.
    const words = (count: number) => Array.from({ length: count }, () => randomBytes(16).toString("hex")).join(" ");
    const record = () => {
      const person = n % PERSONS;
      audit.record(lent, {
        actor: n % 3 === 0 ? { kind: "system" } : { kind: "user", id: `person-${person}`, about: { name: words(1) } },
        subjects: [
          { id: `person-${(person + 1 + (n % (PERSONS - 1))) % PERSONS}`, about: { note: words(1 + (n % 7)) } },
          ...(n % 5 === 0 ? [{ id: `clerk-${n % 40}`, role: "target" as const }] : []),
        ],
        data: { shelf: words(1 + (n % 3)) },
      });
      n++;
    };
    while (n < EVENTS) {
      for (let i = 0; i < 500; i++) record();
      await audit.flush();
    }

    const parts = partsBySub(path);
    const needles: Needle[] = [];
    const begun = performance.now();
    const cpu = process.cpuUsage();
    for (let person = 0; person < ERASED; person++) {
      const id = `person-${person}`;
      for (const sub of (await store.namesOf(id)).slice(1)) {
        for (const { salt, text } of parts.get(sub) ?? []) {
          needles.push({ name: `salt of ${id}`, bytes: salt });
          for (const word of text.match(WORD) ?? []) needles.push({ name: `text of ${id}`, bytes: Buffer.from(word) });
        }
        const hex = sub.slice(sub.indexOf(".") + 1);
        needles.push(
          { name: `pseudonym of ${id}`, bytes: Buffer.from(hex) },
          { name: `key of ${id}`, bytes: Buffer.from(hex.slice(0, 16), "hex") },
        );
      }
      await store.erase(id);
      for (let i = 0; i < BETWEEN; i++) {
        audit.record(lent, {
          actor: { kind: "user", id: `person-${ERASED + ((person * BETWEEN + i) % ERASED)}` },
          data: { shelf: "a shelf ".repeat(1 + (i % 5)) },
        });
      }
    }
    await audit.flush();
    const { user, system } = process.cpuUsage(cpu);
    const seconds = (performance.now() - begun) / 1_000;
    expect((await store.eraseStatus()).every(({ state }) => state === "proven")).toBe(true);

    // The scanner finds the salt of a person who stays.
    const [kept] = parts.get((await store.namesOf(`person-${ERASED + 1}`))[1]!)!;
    expect(scanFolder(folder, [{ name: "kept", bytes: kept!.salt }], 16)).not.toEqual([]);
    expect(scanFolder(folder, needles, 16).slice(0, 10)).toEqual([]);
    expect((await store.verify()).verdict).toBe("intact");
    await audit.close();
    expect(scanFolder(folder, needles, 16).slice(0, 10)).toEqual([]);
    console.info(
      `${needles.length} salts, texts and pseudonyms of ${ERASED} persons: ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s CPU; 0 found in any file`,
    );
  });
});

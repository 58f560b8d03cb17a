import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { type Needle, scanFolder } from "../../store-sqlite/test/proofs/support/folder-scan.ts";
import { openHouse, TICK } from "./support/house.ts";

const PERSONS = 300;
const ERASED = 150;
const ENTRIES = 12;

const word = () => randomBytes(16).toString("hex");

/** Texts of all journal entries of a person. */
function wordsOf(path: string, sub: string): string[] {
  const db = new Database(path, { readonly: true });
  const rows = db
    .prepare<[string], { query: string; details: string | null }>("SELECT query, details FROM user_activity WHERE sub = ?")
    .all(sub);
  db.close();
  return rows.flatMap(({ query, details }) => [query, ...(details?.match(/[0-9a-f]{32}/g) ?? [])]);
}

describe(`${ERASED} of ${PERSONS} persons with journals, erased one by one while others write`, () => {
  it("leave no text of their journals in any file", { timeout: 300_000 }, async () => {
    const house = await openHouse();
    const { store, consent, journal, audit, path } = house;
    const write = (person: number) => journal.record(`person-${person}`, "search", { query: word(), details: { seen: word() } });
    for (let person = 0; person < PERSONS; person++) {
      const id = `person-${person}`;
      await consent.give(id, "personal_diary", TICK);
      // Rows of consents end and begin, so that their table changes everywhere.
      if (person % 3 === 0) {
        await consent.withdraw(id, "personal_diary", { method: "ui" });
        await consent.give(id, "personal_diary", TICK);
      }
    }
    for (let n = 0; n < ENTRIES; n++) {
      const outcomes = await Promise.all(Array.from({ length: PERSONS }, (_, person) => write(person)));
      expect(outcomes.every(({ outcome }) => outcome === "stored")).toBe(true);
    }
    const needles: Needle[] = [];
    for (let person = 0; person < ERASED; person++) {
      const id = `person-${person}`;
      const [, sub] = await store.namesOf(id);
      const words = wordsOf(path, sub!);
      expect(words).toHaveLength(2 * ENTRIES);
      for (const text of words) needles.push({ name: `text of ${id}`, bytes: Buffer.from(text) });
      const { erased } = await store.erase(id);
      expect(erased).toBe(0);
      expect(await write(ERASED + person)).toEqual({ outcome: "stored" });
    }
    await audit.flush();
    expect((await store.eraseStatus()).every(({ state }) => state === "proven")).toBe(true);
    const [, kept] = await store.namesOf(`person-${ERASED}`);
    expect(scanFolder(dirname(path), [{ name: "kept", bytes: Buffer.from(wordsOf(path, kept!)[0]!) }], 16)).not.toEqual([]);
    expect(scanFolder(dirname(path), needles, 12).slice(0, 5)).toEqual([]);
    expect((await store.verify()).verdict).toBe("intact");
  });
});

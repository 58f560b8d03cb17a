import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { permissionDenied, queryReceived } from "@daybook/core";
import Database from "better-sqlite3";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openSqliteReader } from "../../src/index.ts";
import { bookLent } from "../support/trail.ts";
import { type EventFields, TrailInTime } from "../support/trail-in-time.ts";

/** Histories of one run, and changes tried on each. More on demand. */
const HISTORIES = Number(process.env.DAYBOOK_HISTORIES ?? 12);
const CHANGES = 12;

type Step =
  | { readonly do: "append"; readonly kind: number; readonly people: readonly number[] }
  | { readonly do: "wait"; readonly days: number }
  | { readonly do: "erase"; readonly person: number; readonly scope: "persons" | "full" }
  | { readonly do: "expire" | "checkpoint" | "restart" | "release" }
  | { readonly do: "hold"; readonly person: number };

const person = fc.integer({ min: 0, max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      kind: fc.nat(2),
      people: fc.uniqueArray(person, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), days: fc.integer({ min: 20, max: 200 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("erase" as const), person, scope: fc.constantFrom("persons" as const, "full" as const) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("expire" as const, "checkpoint" as const, "restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("hold" as const), person }) },
  { weight: 1, arbitrary: fc.constant({ do: "release" as const }) },
);

function eventOf(kind: number, people: readonly number[]): EventFields {
  const [first, ...others] = people.map((n) => `person-${n}`);
  if (kind === 0) return { definition: bookLent, user: first, data: { title: `for ${first}`, days: 14 } };
  if (kind === 1) return { definition: queryReceived, user: first, data: { strategy: "words" } };
  return {
    definition: permissionDenied,
    user: first,
    subjects: others.map((id) => ({ id })),
    resource: { type: "book", id: "7" },
    data: {},
  };
}

/** Carries out a history; it ends with a checkpoint. */
async function live(steps: readonly Step[]): Promise<TrailInTime> {
  const trail = await TrailInTime.open();
  for (const one of steps) {
    if (one.do === "append") await trail.record(eventOf(one.kind, one.people));
    else if (one.do === "wait") trail.pass(one.days);
    else if (one.do === "erase") await trail.store.erase(`person-${one.person}`, { scope: one.scope });
    else if (one.do === "expire") await trail.store.retain({ confirm: true });
    else if (one.do === "checkpoint") await trail.store.checkpoint();
    else if (one.do === "restart") await trail.reopen();
    else if (one.do === "hold")
      await trail.store.hold({ user: `person-${one.person}`, case: "case-7", ground: "17(3)(e)", review: "2027-03-01" });
    else for (const { id } of await trail.store.holds()) await trail.store.release(id);
    trail.now += 1_000;
  }
  await trail.store.checkpoint();
  return trail;
}

interface Cell {
  readonly table: string;
  readonly column: string;
  readonly where: string;
  readonly bytes: Buffer;
}

/** Every cell below the newest checkpoint that the tree, the seals or a signature cover. */
function provenCells(path: string): Cell[] {
  const db = new Database(path, { readonly: true });
  const cells: Cell[] = [];
  const collect = (table: string, key: string, columns: readonly string[]) => {
    for (const row of db
      .prepare<[], Record<string, unknown>>(`SELECT ${key} AS place, ${columns.map((c) => `CAST(${c} AS BLOB) AS ${c}`)} FROM ${table}`)
      .all()) {
      for (const column of columns) {
        const bytes = row[column];
        if (bytes !== null)
          cells.push({ table, column, where: `${key} = ${JSON.stringify(row.place)}`.replaceAll('"', "'"), bytes: bytes as Buffer });
      }
    }
  };
  collect("daybook_entry", "seq", ["entry", "seal", "salt0", "head", "salt1", "person"]);
  collect("daybook_part", "slot", ["salt", "data"]);
  db.close();
  return cells;
}

describe("a random history of a log in a file", () => {
  it("verifies, and shows any changed byte below its checkpoint", {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        fc.array(fc.nat(), { minLength: CHANGES, maxLength: CHANGES }),
        async (steps, picks) => {
          const trail = await live(steps);
          const { verdict, findings } = await trail.verify();
          expect({ verdict, findings }).toEqual({ verdict: "intact", findings: [] });
          await trail.store.close();
          const cells = provenCells(trail.path);
          const copy = `${trail.path}.changed`;
          for (const pick of picks) {
            const { table, column, where, bytes } = cells[pick % cells.length]!;
            const at = (pick >>> 3) % bytes.length;
            const changed = Buffer.from(bytes);
            // A text stays valid UTF-8: the table, not the proof, would refuse other bytes.
            changed[at] = changed[at]! ^ (column === "head" || column === "person" || column === "data" ? 0x01 : 1 << (pick & 7));
            copyFileSync(trail.path, copy);
            const db = new Database(copy);
            db.exec("DROP TRIGGER daybook_entry_blank; DROP TRIGGER daybook_part_blank");
            const text = column === "head" || column === "person" || column === "data";
            let refused = false;
            try {
              db.prepare(`UPDATE ${table} SET ${column} = ${text ? "CAST(? AS TEXT)" : "?"} WHERE ${where}`).run(changed);
            } catch (cause) {
              // The generated columns refuse invalid JSON.
              refused = /malformed JSON/.test((cause as Error).message);
              if (!refused) throw cause;
            }
            db.close();
            if (!refused) {
              const reader = await openSqliteReader({ path: copy, keys: readFileSync(`${trail.path}.keys`, "utf8") });
              const report = await reader.verify();
              await reader.close();
              const codes = report.findings.map(({ code }) => code).filter((code) => code !== "SCHEMA_CHANGED");
              expect({ table, column, where, at, found: codes.length > 0 }).toEqual({ table, column, where, at, found: true });
            }
            for (const file of [copy, `${copy}-wal`, `${copy}-shm`]) if (existsSync(file)) rmSync(file);
          }
        },
      ),
      { numRuns: HISTORIES },
    );
  });
});

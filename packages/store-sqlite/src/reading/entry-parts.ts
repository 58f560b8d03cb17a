import { defined } from "@daybook/core/store";
import type { FoundPart } from "@daybook/ledger";
import { classOf } from "../database/rows.ts";
import { PARTS } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";

interface PartRow {
  readonly seq: number;
  readonly part: number;
  readonly class: Uint8Array;
  readonly time: string | null;
  readonly role: FoundPart["role"];
  readonly sub: string | null;
}

/** Reads the texts of the parts of an entry in the table of parts, in order. */
export function otherParts(db: Sqlite): (seq: number) => string[] {
  const select = db
    .prepare<[number, number], string>("SELECT data FROM daybook_part WHERE slot BETWEEN ? AND ? AND data IS NOT NULL ORDER BY slot")
    .pluck();
  return (seq) => select.all(seq * PARTS, seq * PARTS + PARTS - 1);
}

/** Reads all detachable parts of some entries, in order of their sequence numbers. */
export function presentParts(db: Sqlite): (seqs: readonly number[]) => FoundPart[] {
  const select = db.prepare<[string], PartRow>(
    `WITH wanted AS (SELECT e.seq, substr(e.entry, 5, 1) AS class, coalesce(e.head ->> '$.late', e.head ->> '$.ts') AS time, e.person
      FROM json_each(?) j CROSS JOIN daybook_entry e ON e.seq = j.value)
    SELECT seq, 1 AS part, class, time, person ->> '$.role' AS role, person ->> '$.sub' AS sub
      FROM wanted WHERE person IS NOT NULL
    UNION ALL
    SELECT w.seq, p.slot % ${PARTS}, w.class, w.time, p.data ->> '$.role', p.data ->> '$.sub'
      FROM wanted w CROSS JOIN daybook_part p ON p.slot BETWEEN ${PARTS} * w.seq AND ${PARTS} * w.seq + ${PARTS - 1} WHERE p.data IS NOT NULL
    ORDER BY 1, 2`,
  );
  return (seqs) => {
    const rows = select.all(JSON.stringify(seqs));
    const persons = new Map<number, string[]>();
    for (const { seq, sub } of rows) {
      const subs = persons.get(seq);
      if (subs === undefined) persons.set(seq, sub === null ? [] : [sub]);
      else if (sub !== null) subs.push(sub);
    }
    return rows.map(({ seq, part, class: entryClass, time, role, sub }) => ({
      seq,
      part,
      class: classOf(entryClass),
      role,
      subs: sub !== null ? [sub] : role === "context" ? (persons.get(seq) ?? []) : [],
      ...defined({ time: time ?? undefined }),
    }));
  };
}

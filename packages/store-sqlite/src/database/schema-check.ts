import { SCHEMA, SCHEMA_VERSION } from "./schema.ts";
import type { Sqlite } from "./sqlite-driver.ts";

/** `changed`: ours is missing or different, or something was added that could hide or change rows. `foreign`: a table nothing of ours refers to. */
export interface SchemaDifference {
  readonly kind: "changed" | "foreign";
  readonly text: string;
}

/** Compares `sqlite_schema` with the schema of this version, word for word; SQLite's own objects are left out. */
export function schemaDifferences(db: Sqlite): SchemaDifference[] {
  const wanted = new Map(SCHEMA.map((sql) => [/^CREATE (?:UNIQUE )?(?:TABLE|INDEX|VIEW|TRIGGER) (\w+)/.exec(sql)![1]!, sql]));
  const ours = new Set(wanted.keys());
  const differences: SchemaDifference[] = [];
  const found = db
    .prepare<[], { type: string; name: string; tbl_name: string; sql: string | null }>(
      "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .all();
  for (const { type, name, tbl_name: table, sql } of found) {
    const expected = wanted.get(name);
    wanted.delete(name);
    if (expected === undefined) {
      const harmless = (type === "table" || type === "index") && !ours.has(table);
      differences.push({ kind: harmless ? "foreign" : "changed", text: `${type} ${name} is not part of schema ${SCHEMA_VERSION}` });
    } else if (sql !== expected) differences.push({ kind: "changed", text: `${type} ${name} differs from schema ${SCHEMA_VERSION}` });
  }
  for (const name of wanted.keys()) differences.push({ kind: "changed", text: `${name} is missing` });
  return differences;
}

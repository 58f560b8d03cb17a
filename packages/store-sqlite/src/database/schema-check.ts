import { SCHEMA, SCHEMA_VERSION } from "./schema.ts";
import type { Sqlite } from "./sqlite-driver.ts";

/**
 * `changed`: an object of the schema is missing or different, or an added object could hide or change rows.
 * `foreign`: an added table to which no object of the schema refers.
 */
export interface SchemaDifference {
  readonly kind: "changed" | "foreign";
  readonly text: string;
  /** True if the object is not part of the schema. */
  readonly added: boolean;
}

/** A version of the schema with the `CREATE` statements of its objects. */
interface ExpectedSchema {
  readonly version: number;
  readonly objects: readonly string[];
}

const THIS_VERSION: ExpectedSchema = { version: SCHEMA_VERSION, objects: SCHEMA };

/**
 * Compares `sqlite_schema` with a schema, word for word. SQLite's own objects are left out.
 * @param expected default: the schema of this version
 */
export function schemaDifferences(db: Sqlite, { version, objects } = THIS_VERSION): SchemaDifference[] {
  const wanted = new Map(objects.map((sql) => [nameIn(sql), sql]));
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
      differences.push({ kind: harmless ? "foreign" : "changed", text: `${type} ${name} is not part of schema ${version}`, added: true });
    } else if (sql !== expected)
      differences.push({ kind: "changed", text: `${type} ${name} differs from schema ${version}`, added: false });
  }
  for (const name of wanted.keys()) differences.push({ kind: "changed", text: `${name} is missing`, added: false });
  return differences;
}

function nameIn(sql: string): string {
  const [, name] = /^CREATE (?:UNIQUE )?(?:TABLE|INDEX|VIEW|TRIGGER) (\w+)/.exec(sql) ?? [];
  if (name === undefined) throw new Error(`No object is created by: ${sql}`);
  return name;
}

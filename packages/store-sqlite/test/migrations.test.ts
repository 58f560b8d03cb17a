import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import type { TargetSchema } from "../src/database/migrations.ts";
import { prepareDatabase } from "../src/database/prepare-database.ts";
import { openSqliteReader, SCHEMA, SCHEMA_VERSION } from "../src/index.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { bookLent, openTrail } from "./support/trail.ts";

const NEXT = SCHEMA_VERSION + 1;
const TABLE = "CREATE TABLE daybook_next (id INTEGER PRIMARY KEY) STRICT";

const nextSchema = (step: Partial<TargetSchema["migrations"][number]> = {}, objects = [...SCHEMA, TABLE]): TargetSchema => ({
  version: NEXT,
  objects,
  migrations: [{ version: NEXT, statements: [TABLE], ...step }],
});

const open = (path: string, schema?: TargetSchema) => prepareDatabase(Database, path, undefined, [], Date.now, schema);

async function trailWithOneEvent(): Promise<string> {
  const { path, audit } = await openTrail();
  await audit.record(bookLent, { data: { title: "Emma", days: 14 } }).stored;
  await audit.close();
  return path;
}

function contentOf(path: string): { objects: unknown[]; meta: Record<string, string> } {
  const db = new Database(path, { readonly: true });
  try {
    return {
      objects: db.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all(),
      meta: Object.fromEntries(db.prepare<[], [string, string]>("SELECT key, value FROM daybook_meta ORDER BY key").raw().all()),
    };
  } finally {
    db.close();
  }
}

describe("schema migrations", () => {
  it("bring an older file to the next version", async () => {
    const path = await trailWithOneEvent();
    expect(open(path, nextSchema()).notices).toContain(`migrated ${path} from schema ${SCHEMA_VERSION} to ${NEXT}.`);
    const { objects, meta } = contentOf(path);
    expect(objects).toContainEqual({ type: "table", name: "daybook_next", sql: TABLE });
    expect(meta).toMatchObject({ schema: String(NEXT), writer: String(SCHEMA_VERSION) });
    expect(open(path, nextSchema()).notices).toEqual([]);
  });

  it("leave a file that older programs can still write", async () => {
    const path = await trailWithOneEvent();
    open(path, nextSchema());
    const { audit } = await openTrail({ path });
    await audit.record(bookLent, { data: { title: "Persuasion", days: 7 } }).stored;
    await audit.close();
    const reader = await openSqliteReader({ path });
    expect(await reader.count({ action: bookLent.action })).toBe(2);
    await reader.close();
    expect(contentOf(path).meta.schema).toBe(String(NEXT));
  });

  it("refuse older programs if a step says so", async () => {
    const path = await trailWithOneEvent();
    open(path, nextSchema({ refusesOlderWriters: true }));
    expect(() => open(path)).toThrow(expect.objectContaining({ code: "SCHEMA_NEWER" }));
  });

  it.each([
    ["a step fails", nextSchema({ statements: [TABLE, "CREATE TABLE daybook_meta (key)"] })],
    ["a step is incomplete", nextSchema({ statements: [] })],
    ["a step leaves another text", nextSchema({ statements: [TABLE.replace("STRICT", "")] })],
    ["a step would change an entry", nextSchema({ statements: [TABLE, "UPDATE daybook_entry SET seal = zeroblob(16)"] })],
  ])("leave the file unchanged if %s", async (_, schema) => {
    const path = await trailWithOneEvent();
    const before = contentOf(path);
    expect(() => open(path, schema)).toThrow(expect.objectContaining({ code: "STORE_FAILED" }));
    expect(contentOf(path)).toEqual(before);
    expect(open(path).notices).toEqual([]);
  });

  it("ignore tables that the application added", async () => {
    const path = await trailWithOneEvent();
    const db = new Database(path);
    db.exec("CREATE TABLE notes (text)");
    db.close();
    open(path, nextSchema());
    expect(contentOf(path).meta.schema).toBe(String(NEXT));
  });

  it("are skipped for a new file of that version", () => {
    const path = join(temporaryFolder(), "audit.db");
    open(path, nextSchema({ statements: ["this is no SQL"] }));
    expect(contentOf(path).meta).toMatchObject({ schema: String(NEXT), writer: String(NEXT) });
  });

  it("run once if several processes start together", async () => {
    const path = await trailWithOneEvent();
    const script = join(temporaryFolder(), "open.ts");
    const statements = [TABLE, "INSERT INTO daybook_meta (key, value) VALUES ('step', 'done')"];
    writeFileSync(
      script,
      `import { createRequire } from "node:module";
       import { prepareDatabase } from ${JSON.stringify(new URL("../src/database/prepare-database.ts", import.meta.url).href)};
       const Database = createRequire(${JSON.stringify(import.meta.url)})("better-sqlite3");
       const { notices } = prepareDatabase(Database, process.argv[2], undefined, [], Date.now, ${JSON.stringify(nextSchema({ statements }))});
       process.exit(notices.length);`,
    );
    const codes = await Promise.all(
      Array.from(
        { length: 3 },
        () =>
          new Promise<number | null>((resolve) => {
            spawn(process.execPath, [script, path], { stdio: "inherit" }).once("exit", resolve);
          }),
      ),
    );
    expect(codes.sort()).toEqual([0, 0, 1]);
    expect(contentOf(path).meta).toMatchObject({ schema: String(NEXT), step: "done" });
  });
});

import { randomBytes } from "node:crypto";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type LedgerKeys, prepareEntry } from "@daybook/ledger";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Checkpoint, knowTree, makeCheckpoint } from "../src/checkpoints/checkpointer.ts";
import { openWriting } from "../src/database/connection.ts";
import { prepareDatabase } from "../src/database/prepare-database.ts";
import type { SqliteConstructor } from "../src/database/sqlite-driver.ts";
import { LedgerWriter } from "../src/ledger/ledger-writer.ts";
import type { WriterScope } from "../src/ledger/writer-scope.ts";
import { openSqliteStore } from "../src/open-sqlite-store.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

/** One connection that writes to a log, and its executed statements. */
function connect(path: string, keys: LedgerKeys): { scope: WriterScope; statements: string[] } {
  const statements: string[] = [];
  const Listening = class extends Database {
    constructor(file: string, options: Database.Options) {
      super(file, { ...options, verbose: (sql) => void statements.push(String(sql)) });
    }
  };
  const db = openWriting(Listening as unknown as SqliteConstructor, path);
  onTestFinished(() => void db.close());
  const ledger = new LedgerWriter(db, { keys, userIds: "readable", now: Date.now });
  return { scope: { db, ledger, keys, userIds: "readable", now: Date.now }, statements };
}

function newLog() {
  const path = join(temporaryFolder(), "audit.db");
  const { keys } = prepareDatabase(Database, path, undefined);
  return { path, keys, ...connect(path, keys) };
}

const entryOf = (n: number) => prepareEntry({ class: 1, parts: [{ text: `{"id":"entry ${n}"}` }] }, randomBytes);
const append = ({ ledger }: WriterScope, n: number) => ledger.transaction((add) => add(entryOf(n)));

function checkpoint(scope: WriterScope): Checkpoint {
  for (const steps = makeCheckpoint(scope); ; ) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

const readsRows = (statements: readonly string[]) => statements.some((sql) => sql.includes("FROM daybook_entry WHERE seq >="));

/** A checkpoint from a connection that reads every row. */
function readCheckpoint(path: string, keys: LedgerKeys): string {
  const other = connect(path, keys);
  other.scope.db.exec("DELETE FROM daybook_checkpoint");
  const { note } = checkpoint(other.scope);
  expect(readsRows(other.statements)).toBe(true);
  return note;
}

describe("a checkpoint of one connection's entries", () => {
  it("reads the log once, then signs without reading", () => {
    const { path, keys, scope, statements } = newLog();
    append(scope, 1);
    expect(checkpoint(scope)).toMatchObject({ size: 2, made: true });
    expect(readsRows(statements)).toBe(true);
    for (let n = 2; n <= 9; n++) append(scope, n);
    statements.length = 0;
    const { size, note } = checkpoint(scope);
    expect([size, readsRows(statements)]).toEqual([10, false]);
    expect(readCheckpoint(path, keys)).toBe(note);
  });

  it("reads nothing if the newest checkpoint covered every row", () => {
    const { path, keys, scope, statements } = newLog();
    knowTree(scope);
    append(scope, 1);
    expect(checkpoint(scope)).toMatchObject({ size: 2, made: true });
    const next = connect(path, keys);
    knowTree(next.scope);
    append(next.scope, 2);
    const { size, note } = checkpoint(next.scope);
    expect([size, readsRows(statements), readsRows(next.statements)]).toEqual([3, false, false]);
    expect(readCheckpoint(path, keys)).toBe(note);
  });

  it("reads the rows that no earlier checkpoint covers", () => {
    const { path, keys, scope } = newLog();
    append(scope, 1);
    const next = connect(path, keys);
    knowTree(next.scope);
    append(next.scope, 2);
    const { size, note } = checkpoint(next.scope);
    expect([size, readsRows(next.statements)]).toEqual([3, true]);
    expect(readCheckpoint(path, keys)).toBe(note);
  });

  it("is refused after a checkpoint of another log", () => {
    const { scope } = newLog();
    scope.db.exec("UPDATE daybook_checkpoint SET frontier = zeroblob(32)");
    knowTree(scope);
    append(scope, 1);
    expect(() => checkpoint(scope)).toThrow(expect.objectContaining({ code: "LOG_DAMAGED" }));
  });

  it("ignores a transaction that was rolled back", () => {
    const { path, keys, scope } = newLog();
    append(scope, 1);
    checkpoint(scope);
    expect(() =>
      scope.ledger.transaction((add) => {
        add(entryOf(2));
        throw new Error("no");
      }),
    ).toThrow("no");
    append(scope, 3);
    const { size, note } = checkpoint(scope);
    expect([size, readCheckpoint(path, keys)]).toEqual([3, note]);
  });

  it("reads the entries of another connection", () => {
    const { path, keys, scope, statements } = newLog();
    const other = connect(path, keys);
    append(scope, 1);
    checkpoint(scope);
    append(scope, 2);
    append(other.scope, 3);
    append(scope, 4);
    statements.length = 0;
    const { size, note } = checkpoint(scope);
    expect([size, readsRows(statements)]).toEqual([5, true]);
    expect(readCheckpoint(path, keys)).toBe(note);
  });

  it.each([
    ["before the newest record", (seq: number) => seq - 1],
    ["in the newest record", (seq: number) => seq],
  ])("is refused after a change %s", (_, place) => {
    const { path, scope } = newLog();
    append(scope, 1);
    checkpoint(scope);
    append(scope, 2);
    const last = append(scope, 3);
    const attacker = new Database(path);
    attacker.exec("DROP TRIGGER daybook_entry_blank");
    attacker.prepare("UPDATE daybook_entry SET head = replace(head, 'entry', 'other') WHERE seq = ?").run(place(last));
    attacker.close();
    append(scope, 4);
    expect(() => checkpoint(scope)).toThrow(expect.objectContaining({ code: "LOG_DAMAGED" }));
  });

  it("contradicts a file changed outside of SQLite", async () => {
    const { path, scope } = newLog();
    append(scope, 1);
    checkpoint(scope);
    append(scope, 2);
    scope.db.pragma("wal_checkpoint(TRUNCATE)");
    const bytes = readFileSync(path);
    const at = bytes.indexOf('{"id":"entry 2"}');
    expect(at).toBeGreaterThan(0);
    const file = openSync(path, "r+");
    writeSync(file, '{"id":"other 2"}', at);
    closeSync(file);
    expect(checkpoint(scope)).toMatchObject({ size: 3, made: true });
    scope.db.close();
    const store = await openSqliteStore({ path, onNotice: () => undefined });
    onTestFinished(() => store.close());
    expect((await store.verify()).findings.map(({ code }) => code)).toContain("ALTERED");
  });
});

/** What a team writes itself: one table with the indexes its reports need, a prepared insert, many rows per transaction, no proof. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { BUSY_READERS, sampleEvent } from "./sample-events.ts";

const TABLE = `CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  timestamp TEXT NOT NULL,
  event_type TEXT NOT NULL,
  user_id TEXT,
  severity TEXT,
  details TEXT,
  ip_address TEXT,
  endpoint TEXT
);
CREATE INDEX audit_log_type ON audit_log (event_type, timestamp);
CREATE INDEX audit_log_user ON audit_log (user_id, timestamp);`;

const PER_TRANSACTION = 500;

let db: Database.Database;
let insertRow: Database.Statement;

export function open(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  db = new Database(path);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec(TABLE);
  insertRow = db.prepare(
    "INSERT INTO audit_log (timestamp, event_type, user_id, severity, details, ip_address, endpoint) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
}

const insertBlock = (from: number, to: number) => {
  for (let n = from; n < to; n++) {
    const { definition, fields, request } = sampleEvent(n);
    const { actor, resource, data } = fields;
    const { route, ...rest } = request;
    insertRow.run(
      new Date().toISOString(),
      definition.type,
      actor!.id,
      definition.severity,
      JSON.stringify({
        action: definition.action,
        outcome: definition.outcome,
        userAgent: "Firefox 131",
        resource,
        request: rest,
        ...(data as object),
      }),
      actor!.ip,
      route,
    );
  }
};

/** Inserts events `from` to `from + count - 1`; answers how many rows there are more than before. */
export function insert(from: number, count: number): number {
  const before = stored();
  const block = db.transaction(insertBlock);
  for (let i = 0; i < count; i += PER_TRANSACTION) block(from + i, from + Math.min(count, i + PER_TRANSACTION));
  return stored() - before;
}

/** The table is append-only until a person is erased, so the last id counts the rows without reading them. */
export const stored = (): number => db.prepare<[], number | null>("SELECT max(id) FROM audit_log").pluck().get() ?? 0;

export const storedOf = (user: string = BUSY_READERS[0]): number =>
  db.prepare<[string], number>("SELECT count(*) FROM audit_log WHERE user_id = ?").pluck().get(user)!;

/** Deletes the rows of one person; answers how many there were. */
export const erase = (user: string): number => db.prepare<[string]>("DELETE FROM audit_log WHERE user_id = ?").run(user).changes;

/** Deletes the oldest rows in chunks, so that others may write in between; answers how many, and the longest chunk in milliseconds. */
export function expire(rows: number, chunk = 5_000): { removed: number; longestMs: number } {
  const first = db.prepare<[], number>("SELECT min(id) FROM audit_log").pluck().get()!;
  const remove = db.prepare<[number, number]>("DELETE FROM audit_log WHERE id >= ? AND id < ?");
  let removed = 0;
  let longestMs = 0;
  for (let at = first; at < first + rows; at += chunk) {
    const begun = performance.now();
    removed += remove.run(at, Math.min(at + chunk, first + rows)).changes;
    longestMs = Math.max(longestMs, performance.now() - begun);
  }
  return { removed, longestMs };
}

export function close(): void {
  db.close();
}

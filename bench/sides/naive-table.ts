/** What a first version does: open the database, insert one event, commit, close it, for every event. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { sampleEvent } from "./sample-events.ts";

let path: string;

export function open(where: string): void {
  mkdirSync(dirname(where), { recursive: true });
  path = where;
  const db = new Database(path);
  db.exec(
    "CREATE TABLE audit_log (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT DEFAULT CURRENT_TIMESTAMP, event_type TEXT NOT NULL, user_id TEXT, severity TEXT, details TEXT, ip_address TEXT, endpoint TEXT)",
  );
  db.close();
}

/** Answers how many rows there are more than before. */
export function insert(from: number, count: number): number {
  const before = stored();
  for (let n = from; n < from + count; n++) {
    const { definition, fields, request } = sampleEvent(n);
    const db = new Database(path);
    db.prepare("INSERT INTO audit_log (event_type, user_id, severity, details, ip_address, endpoint) VALUES (?, ?, ?, ?, ?, ?)").run(
      definition.type,
      fields.actor!.id,
      definition.severity,
      JSON.stringify(fields.data),
      fields.actor!.ip,
      request.route,
    );
    db.close();
  }
  return stored() - before;
}

function stored(): number {
  const db = new Database(path, { readonly: true });
  const count = db.prepare<[], number>("SELECT count(*) FROM audit_log").pluck().get()!;
  db.close();
  return count;
}

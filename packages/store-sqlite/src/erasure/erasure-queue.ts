import type { ErasureBasis } from "@daybook/core/store";
import type { Sqlite } from "../database/sqlite-driver.ts";

export interface QueuedErasure {
  readonly sub: string;
  readonly basis: readonly ErasureBasis[];
  readonly scope: "persons" | "full";
}

interface Row {
  readonly sub: string;
  readonly basis: string;
  readonly scope: QueuedErasure["scope"];
}

/**
 * Persons that an erasure has to remove. Rows are appended and blanked; the table is emptied at once when it has only
 * blank rows, because deleting single rows would leave copies of others in the file.
 */
export class ErasureQueue {
  readonly #db: Sqlite;

  constructor(db: Sqlite) {
    this.#db = db;
  }

  /** @param running true for an erasure that begins now, false for one that waits for the next run */
  add({ sub, basis, scope }: QueuedErasure, running: boolean, time: string): void {
    const known = this.#db.prepare("UPDATE daybook_queue SET running = max(running, ?) WHERE sub = ?").run(Number(running), sub).changes;
    if (known > 0) return;
    this.#db
      .prepare("INSERT INTO daybook_queue (sub, basis, scope, running, queued) VALUES (?, ?, ?, ?, ?)")
      .run(sub, basis.join(" "), scope, Number(running), time);
  }

  all(): QueuedErasure[] {
    return this.#db
      .prepare<[], Row>("SELECT sub, basis, scope FROM daybook_queue WHERE sub IS NOT NULL")
      .all()
      .map(({ sub, basis, scope }) => ({ sub, basis: basis.split(" ") as ErasureBasis[], scope }));
  }

  /** True if a run was interrupted. */
  interrupted(): boolean {
    return this.#db.prepare("SELECT 1 FROM daybook_queue WHERE running = 1 LIMIT 1").get() !== undefined;
  }

  /** @param held persons with held parts stay in the queue, but no run is under way */
  done(subs: readonly string[], held: ReadonlySet<string>): void {
    const blank = this.#db.prepare(
      "UPDATE daybook_queue SET sub = NULL, basis = NULL, scope = NULL, running = NULL, queued = NULL WHERE sub = ?",
    );
    const wait = this.#db.prepare("UPDATE daybook_queue SET running = 0 WHERE sub = ?");
    for (const sub of subs) (held.has(sub) ? wait : blank).run(sub);
    if (this.#db.prepare("SELECT 1 FROM daybook_queue WHERE sub IS NOT NULL LIMIT 1").get() === undefined) {
      this.#db.exec("DELETE FROM daybook_queue");
    }
  }
}

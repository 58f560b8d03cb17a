import { leafHash } from "@daybook/ledger";
import type { Sqlite } from "../database/sqlite-driver.ts";

const STEP = 2_000;

/** Leaf hashes of all entries from 0 on, read a block at a time so that no reader stays open and other work gets its turn. */
export async function* leafHashes(db: Sqlite, onProgress?: (done: number) => void): AsyncGenerator<Uint8Array> {
  const select = db.prepare<[number, number], Uint8Array>("SELECT entry FROM daybook_entry WHERE seq >= ? ORDER BY seq LIMIT ?").pluck();
  for (let from = 0; ; from += STEP) {
    const entries = select.all(from, STEP);
    for (const entry of entries) yield leafHash(entry);
    if (entries.length < STEP) return;
    onProgress?.(from + STEP);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** What nothing can go below: a raw append with its flush, a recorder whose sink keeps nothing, a plain read of the same rows. */
import { createHash } from "node:crypto";
import { closeSync, fdatasyncSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createAuditLog } from "@daybook/core";
import type { AuditSink } from "@daybook/core/store";
import Database from "better-sqlite3";
import { atRate, type Paced } from "../measure/at-rate.ts";
import { quantile } from "../measure/ratio.ts";
import { DEFINITIONS, sampleEvent } from "./sample-events.ts";

/** Median time of an append of 4 KiB and its `fdatasync`, in milliseconds. */
export function appendAndFlush(folder: string, times: number): number {
  mkdirSync(folder, { recursive: true });
  const file = openSync(join(folder, "raw"), "a");
  const block = Buffer.alloc(4_096, "a");
  const took = new Float64Array(times);
  for (let i = 0; i < times; i++) {
    const begun = performance.now();
    writeSync(file, block);
    fdatasyncSync(file);
    took[i] = performance.now() - begun;
  }
  closeSync(file);
  return quantile(took.sort(), 0.5);
}

/** Recording at an even rate into a sink that answers at once. */
export async function pacedIntoNothing(perSecond: number, seconds: number): Promise<Paced> {
  const nothing: AuditSink = {
    name: "nothing",
    supports: { erasure: "none", durable: false, idempotent: true },
    append: async () => ({ refused: [] }),
    close: async () => undefined,
  };
  const audit = createAuditLog({
    sinks: [{ sink: nothing, required: true }],
    catalogue: DEFINITIONS,
    signals: false,
    onNotice: () => undefined,
  });
  const paced = await atRate(perSecond, seconds, (n) => {
    const { definition, fields, request } = sampleEvent(n);
    return audit.recordWith(definition, fields, { request }).stored;
  });
  await audit.close();
  return paced;
}

/** Reads every row of the ledger once and hashes its bytes once; answers how many there were. */
export function readAndHash(path: string): number {
  const db = new Database(path, { readonly: true });
  const hash = createHash("sha256");
  let rows = 0;
  for (const row of db
    .prepare("SELECT entry, seal, salt0, head, salt1, person FROM daybook_entry ORDER BY seq")
    .raw()
    .iterate() as IterableIterator<(Buffer | string | null)[]>) {
    for (const value of row) if (value !== null) hash.update(value);
    rows++;
  }
  hash.digest();
  db.close();
  return rows;
}

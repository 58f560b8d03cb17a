import { leafHash } from "@daybook/ledger";
import { present } from "../database/rows.ts";
import { PARTS } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";

/** A part in the table of parts: every detachable part except the first of an actor or a context. */
export interface StoredPart {
  readonly part: number;
  readonly salt: Uint8Array | null;
  readonly data: Uint8Array | null;
}

/** A row with its parts as bytes: decoding the text first would hide an edit. */
export interface StoredRow {
  readonly seq: number;
  readonly entry: Uint8Array;
  readonly seal: Uint8Array;
  readonly salt0: Uint8Array | null;
  readonly head: Uint8Array | null;
  readonly salt1: Uint8Array | null;
  readonly person: Uint8Array | null;
  readonly others: readonly StoredPart[];
}

type Length = number | null;
type EntryRow = [
  seq: number,
  ...lengths: [entry: Length, seal: Length, salt0: Length, head: Length, salt1: Length, person: Length],
  bytes: Buffer,
];
type PartRow = [slot: number, salt: Uint8Array | null, data: Uint8Array | null];

const NONE: readonly StoredPart[] = [];
const EMPTY = new Uint8Array(0);

export interface RowBlock {
  readonly rows: readonly StoredRow[];
  /** Parts between the rows that have no entry. */
  readonly orphans: readonly { readonly seq: number; readonly part: number }[];
}

const COLUMNS = ["entry", "seal", "salt0", "head", "salt1", "person"] as const;

// One value for all bytes of a row. A value per column would be a buffer outside the JavaScript heap, which costs as
// much as hashing its content.
const ENTRIES = `SELECT seq, ${COLUMNS.map((column) => `octet_length(${column})`).join(", ")},
  CAST(${COLUMNS.map((column) => `ifnull(${column}, x'')`).join(" || ")} AS BLOB) FROM daybook_entry WHERE seq >= ? ORDER BY seq LIMIT ?`;

function storedRow([seq, entry, seal, salt0, head, salt1, person, bytes]: EntryRow, others: readonly StoredPart[]): StoredRow {
  let at = 0;
  const take = (length: Length) => {
    if (length === null) return null;
    const from = at;
    at += length;
    return bytes.subarray(from, at);
  };
  return {
    seq,
    entry: take(entry) ?? EMPTY,
    seal: take(seal) ?? EMPTY,
    salt0: take(salt0),
    head: take(head),
    salt1: take(salt1),
    person: take(person),
    others,
  };
}

/**
 * Reads rows by sequence number in blocks, so that no reader stays open in between. The last block is shorter than
 * `limit`.
 */
export function ledgerRows(db: Sqlite): (from: number, limit: number) => RowBlock {
  const entries = db.prepare<[number, number], EntryRow>(ENTRIES).raw();
  const parts = db
    .prepare<[number, number], PartRow>(
      "SELECT slot, salt, CAST(data AS BLOB) FROM daybook_part WHERE slot BETWEEN ? AND ? AND coalesce(salt, data) IS NOT NULL ORDER BY slot",
    )
    .raw();
  return (from, limit) => {
    const found = entries.all(from, limit);
    const others = new Map<number, StoredPart[]>();
    const end = found.length < limit ? Number.MAX_SAFE_INTEGER : present(found.at(-1), "last row")[0] * PARTS + PARTS - 1;
    for (const [slot, salt, data] of parts.all(from * PARTS, end)) {
      const seq = Math.floor(slot / PARTS);
      const part = slot % PARTS;
      const list = others.get(seq);
      if (list === undefined) others.set(seq, [{ part, salt, data }]);
      else list.push({ part, salt, data });
    }
    const rows = found.map((row) => {
      const own = others.get(row[0]);
      if (own !== undefined) others.delete(row[0]);
      return storedRow(row, own ?? NONE);
    });
    return { rows, orphans: [...others].flatMap(([seq, list]) => list.map(({ part }) => ({ seq, part }))) };
  };
}

const LEAVES_AT_ONCE = 2_000;

/** Leaf hashes of all entries from 0 on, read in blocks so that no reader stays open and other work can run. */
export async function* leafHashes(db: Sqlite, onProgress?: (done: number) => void): AsyncGenerator<Uint8Array> {
  const select = db.prepare<[number, number], Uint8Array>("SELECT entry FROM daybook_entry WHERE seq >= ? ORDER BY seq LIMIT ?").pluck();
  for (let from = 0; ; from += LEAVES_AT_ONCE) {
    const entries = select.all(from, LEAVES_AT_ONCE);
    for (const entry of entries) yield leafHash(entry);
    if (entries.length < LEAVES_AT_ONCE) return;
    onProgress?.(from + LEAVES_AT_ONCE);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

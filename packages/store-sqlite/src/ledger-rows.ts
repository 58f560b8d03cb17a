import type { Sqlite } from "./sqlite-driver.ts";

/** A part in a table of its own: every detachable part but the first of an actor or a context. */
export interface StoredPart {
  readonly part: number;
  readonly salt: Uint8Array | null;
  readonly data: Uint8Array | null;
}

/** A row with its parts as bytes: decoding text first would hide an edit. */
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

type EntryRow = [number, Uint8Array, Uint8Array, Uint8Array | null, Uint8Array | null, Uint8Array | null, Uint8Array | null];
type PartRow = [number, number, Uint8Array | null, Uint8Array | null];

const NONE: readonly StoredPart[] = [];

/** Reads rows by sequence number, a block at a time, so that no reader stays open in between. */
export function ledgerRows(db: Sqlite): (from: number, limit: number) => StoredRow[] {
  const entries = db
    .prepare<[number, number], EntryRow>(
      "SELECT seq, entry, seal, salt0, CAST(head AS BLOB), salt1, CAST(person AS BLOB) FROM daybook_entry WHERE seq >= ? ORDER BY seq LIMIT ?",
    )
    .raw();
  const parts = db
    .prepare<[number, number], PartRow>(
      "SELECT seq, part, salt, CAST(data AS BLOB) FROM daybook_person WHERE seq BETWEEN ? AND ? ORDER BY seq, part",
    )
    .raw();
  return (from, limit) => {
    const rows = entries.all(from, limit);
    if (rows.length === 0) return [];
    const others = new Map<number, StoredPart[]>();
    for (const [seq, part, salt, data] of parts.all(rows[0]![0], rows.at(-1)![0])) {
      const list = others.get(seq);
      if (list === undefined) others.set(seq, [{ part, salt, data }]);
      else list.push({ part, salt, data });
    }
    return rows.map(([seq, entry, seal, salt0, head, salt1, person]) => ({
      seq,
      entry,
      seal,
      salt0,
      head,
      salt1,
      person,
      others: others.get(seq) ?? NONE,
    }));
  };
}

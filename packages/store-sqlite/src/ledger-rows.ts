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
  readonly box: Uint8Array | null;
  readonly others: readonly StoredPart[];
}

type Bytes = Uint8Array | null;
type EntryRow = [seq: number, entry: Uint8Array, seal: Uint8Array, salt0: Bytes, head: Bytes, salt1: Bytes, person: Bytes, box: Bytes];
type PartRow = [number, number, Uint8Array | null, Uint8Array | null];

const NONE: readonly StoredPart[] = [];

export interface RowBlock {
  readonly rows: readonly StoredRow[];
  /** Parts between the rows whose entry does not exist. */
  readonly orphans: readonly { readonly seq: number; readonly part: number }[];
}

/** Reads rows by sequence number, a block at a time, so that no reader stays open in between. The last block is shorter than `limit`. */
export function ledgerRows(db: Sqlite): (from: number, limit: number) => RowBlock {
  const entries = db
    .prepare<[number, number], EntryRow>(
      "SELECT seq, entry, seal, salt0, CAST(head AS BLOB), salt1, CAST(person AS BLOB), box FROM daybook_entry WHERE seq >= ? ORDER BY seq LIMIT ?",
    )
    .raw();
  const parts = db
    .prepare<[number, number], PartRow>(
      "SELECT seq, part, salt, CAST(data AS BLOB) FROM daybook_person WHERE seq BETWEEN ? AND ? ORDER BY seq, part",
    )
    .raw();
  return (from, limit) => {
    const found = entries.all(from, limit);
    const others = new Map<number, StoredPart[]>();
    const end = found.length < limit ? Number.MAX_SAFE_INTEGER : found.at(-1)![0];
    for (const [seq, part, salt, data] of parts.all(from, end)) {
      const list = others.get(seq);
      if (list === undefined) others.set(seq, [{ part, salt, data }]);
      else list.push({ part, salt, data });
    }
    const rows = found.map(([seq, entry, seal, salt0, head, salt1, person, box]) => {
      const own = others.get(seq);
      if (own !== undefined) others.delete(seq);
      return { seq, entry, seal, salt0, head, salt1, person, box, others: own ?? NONE };
    });
    return { rows, orphans: [...others].flatMap(([seq, list]) => list.map(({ part }) => ({ seq, part }))) };
  };
}

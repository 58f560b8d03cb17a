import Database from "better-sqlite3";

/** A stored reference: 8 bytes of a person's pseudonym, the entry, the part. */
export interface StoredReference {
  readonly key: bigint;
  readonly seq: number;
  readonly part: number;
}

const RECORD = 11;
const CHUNKS_OF_BUCKET = 32;
const ROWS_OF_BUCKET = 4_096;

/** All references of a file, read as docs/ledger.md describes them. Removed ones are zeros. */
export function referencesOf(path: string): StoredReference[] {
  const db = new Database(path, { readonly: true });
  const chunks = db.prepare<[], { chunk: number; refs: Buffer }>("SELECT chunk, refs FROM daybook_reference ORDER BY chunk").all();
  db.close();
  return chunks.flatMap(({ chunk, refs }) =>
    Array.from({ length: refs.length / RECORD }, (_, i) => {
      const record = refs.subarray(i * RECORD, (i + 1) * RECORD);
      const seq = Math.floor(chunk / CHUNKS_OF_BUCKET) * ROWS_OF_BUCKET + record.readUInt16BE(8);
      return { key: record.readBigUInt64BE(0), seq, part: record.readUInt8(10) };
    }).filter(({ part }) => part > 0),
  );
}

/** Changes one record of the first chunk that has one like it. */
export function editReference(path: string, matches: (record: Buffer, chunk: number) => boolean, edit: (record: Buffer) => void): void {
  const db = new Database(path);
  const write = db.prepare("UPDATE daybook_reference SET refs = ? WHERE chunk = ?");
  for (const { chunk, refs } of db.prepare<[], { chunk: number; refs: Buffer }>("SELECT chunk, refs FROM daybook_reference").all()) {
    for (let at = 0; at < refs.length; at += RECORD) {
      const record = refs.subarray(at, at + RECORD);
      if (record.readUInt8(10) === 0 || !matches(record, chunk)) continue;
      edit(record);
      write.run(refs, chunk);
      db.close();
      return;
    }
  }
  db.close();
  throw new Error("no such reference");
}

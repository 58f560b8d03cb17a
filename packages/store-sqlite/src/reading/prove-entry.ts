import { DaybookError } from "@daybook/core";
import { formatProof, inclusionProofFromLeaves, type PartOpening } from "@daybook/ledger";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { leafHashes, ledgerRows } from "./stored-rows.ts";

/**
 * A proof file of one entry (C2SP tlog-proof): its inclusion in the tree of the newest checkpoint, and the contents
 * of the disclosed parts. A holder of the file can show these parts for ever.
 * @param parts numbers of the parts to disclose; 0 is the head
 * @throws {DaybookError} `BAD_OPTION`: there is no such entry, no checkpoint covers it yet, or a part is gone
 */
export async function proveEntry(
  db: Sqlite,
  seq: number,
  parts: readonly number[],
  onProgress?: (done: number, total: number) => void,
): Promise<string> {
  const row = Number.isSafeInteger(seq) && seq >= 0 ? ledgerRows(db)(seq, 1).rows[0] : undefined;
  if (row?.seq !== seq) throw new DaybookError("BAD_OPTION", `There is no entry ${seq}.`);
  const checkpoint = db
    .prepare<[number], { size: number; note: string }>(
      "SELECT size, note FROM daybook_checkpoint WHERE size > ? ORDER BY size DESC LIMIT 1",
    )
    .get(seq);
  if (checkpoint === undefined)
    throw new DaybookError("BAD_OPTION", `No checkpoint covers entry ${seq} yet; make one with \`daybook checkpoint\`.`);
  const present = new Map<number, { salt: Uint8Array | null; data: Uint8Array | null }>();
  present.set(0, { salt: row.salt0, data: row.head });
  if (row.person !== null) present.set(1, { salt: row.salt1, data: row.person });
  for (const { part, salt, data } of row.others) present.set(part, { salt, data });
  const open = parts.map((part): PartOpening => {
    const found = present.get(part);
    if (found === undefined || found.salt === null || found.data === null) {
      throw new DaybookError("BAD_OPTION", `Part ${part} of entry ${seq} is not there: it never was, or was erased or expired.`);
    }
    return { part, salt: found.salt, data: Buffer.from(found.data).toString() };
  });
  const leaves = leafHashes(db, (done) => onProgress?.(done, checkpoint.size));
  const hashes = await inclusionProofFromLeaves(checkpoint.size, seq, leaves);
  return formatProof({ index: seq, hashes, note: checkpoint.note, entry: row.entry, open });
}

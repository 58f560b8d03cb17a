import { LedgerError } from "./ledger-error.ts";
import { HASH_LENGTH } from "./merkle.ts";
import { isKeyName } from "./vkey.ts";

/**
 * The text of a checkpoint (C2SP tlog-checkpoint), to be signed by `signNote`: origin, size and root, one line each.
 * @param size number of entries, 0 to 2^53−1
 * @param root of the tree of that size, 32 bytes
 * @throws {LedgerError} `BAD_NOTE`
 */
export function formatCheckpoint(origin: string, size: number, root: Uint8Array): string {
  if (!isKeyName(origin))
    throw new LedgerError("BAD_NOTE", `${JSON.stringify(origin)} cannot be an origin: no spaces or "+", and not empty.`);
  if (!Number.isSafeInteger(size) || size < 0) throw new LedgerError("BAD_NOTE", `${size} is not the size of a tree.`);
  if (root.length !== HASH_LENGTH) throw new LedgerError("BAD_NOTE", `A root has ${HASH_LENGTH} bytes, not ${root.length}.`);
  return `${origin}\n${size}\n${Buffer.from(root).toString("base64")}\n`;
}

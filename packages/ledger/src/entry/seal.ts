import type { KeyObject } from "node:crypto";
import { keyedHashOfBytes } from "../keys/keyed-hash.ts";
import { LedgerError } from "../ledger-error.ts";

export const SEAL_LENGTH = 16;

const DOMAIN = "daybook/seal/v1\n";
const SEQ_AT = DOMAIN.length;
const PREVIOUS_AT = SEQ_AT + 8;
const LEAF_AT = PREVIOUS_AT + SEAL_LENGTH;

const input = Buffer.alloc(LEAF_AT + 32);
input.write(DOMAIN, "latin1");

/**
 * The seal of a row, which needs the seal key: the first 16 bytes of HMAC-SHA-256 (RFC 2104) over `daybook/seal/v1` and LF, the sequence
 * number as 8 bytes big-endian, the previous seal, the leaf.
 * @param key secret key, see `LedgerKeys.seal`
 * @param seq sequence number of the row, zero-based
 * @param previous seal of the row before, 16 bytes; all zero before the first row
 * @param leaf leaf hash of the entry, 32 bytes
 * @returns 16 bytes
 * @throws {LedgerError} `BAD_SIZE`: an argument of another length or range
 */
export function sealNext(key: KeyObject, seq: number, previous: Uint8Array, leaf: Uint8Array): Buffer<ArrayBuffer> {
  if (!Number.isSafeInteger(seq) || seq < 0 || previous.length !== SEAL_LENGTH || leaf.length !== 32) {
    throw new LedgerError("BAD_SIZE", "A seal is made over a sequence number, 16 bytes of the seal before and 32 bytes of the leaf.");
  }
  input.writeUInt32BE(Math.floor(seq / 0x1_0000_0000), SEQ_AT);
  input.writeUInt32BE(seq % 0x1_0000_0000, SEQ_AT + 4);
  input.set(previous, PREVIOUS_AT);
  input.set(leaf, LEAF_AT);
  // A digest as a Buffer would be allocated outside the pool, which costs more than the hash: hence a string.
  return Buffer.from(keyedHashOfBytes(key, input, "binary").slice(0, SEAL_LENGTH), "latin1");
}

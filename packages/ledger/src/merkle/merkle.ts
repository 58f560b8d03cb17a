import { hash } from "node:crypto";

/** Length of a SHA-256 hash in bytes. */
export const HASH_LENGTH = 32;

/**
 * SHA-256 in one call. The digest is a Latin-1 string first: the "buffer" output of `crypto.hash` allocates outside the pool, which costs
 * seven times as much for short inputs.
 * @returns 32 bytes
 */
export function sha256(bytes: Uint8Array | string): Buffer<ArrayBuffer> {
  return Buffer.from(hash("sha256", bytes, "binary"), "latin1");
}

// Entries have few lengths, so there is one input buffer for each, already beginning with 0x00.
const LONGEST_KEPT = 512;
const leafInputs: Buffer[] = [];

/**
 * Leaf hash of one entry: SHA-256 over a 0x00 byte and the entry (RFC 6962, section 2.1). It takes any bytes; `decodeEntry` checks their
 * format.
 * @returns 32 bytes
 */
export function leafHash(entry: Uint8Array): Buffer<ArrayBuffer> {
  let input = leafInputs[entry.length];
  if (input === undefined) {
    input = Buffer.alloc(entry.length + 1);
    if (entry.length < LONGEST_KEPT) leafInputs[entry.length] = input;
  }
  input.set(entry, 1);
  return sha256(input);
}

const nodeInput = Buffer.alloc(1 + 2 * HASH_LENGTH);
nodeInput[0] = 1;

/**
 * Hash of an inner node: SHA-256 over a 0x01 byte and its two children, 32 bytes each (RFC 6962, section 2.1).
 * @returns 32 bytes
 */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer<ArrayBuffer> {
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + HASH_LENGTH);
  return sha256(nodeInput);
}

/** Root of the empty tree: SHA-256 of no bytes (RFC 6962, section 2.1), 32 bytes. */
export const emptyRoot = (): Buffer<ArrayBuffer> => sha256("");

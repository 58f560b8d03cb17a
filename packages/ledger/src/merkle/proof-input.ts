import { HASH_LENGTH } from "./merkle.ts";

/** A size or index as a bigint; undefined if it is negative, not whole, or a number too large to be exact. */
export function exactSize(size: number | bigint): bigint | undefined {
  if (typeof size === "number" && !Number.isSafeInteger(size)) return undefined;
  return size < 0 ? undefined : BigInt(size);
}

export const isHash = (bytes: Uint8Array): boolean => bytes.length === HASH_LENGTH;

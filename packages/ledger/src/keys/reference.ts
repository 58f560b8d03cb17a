import type { LedgerKeys } from "./keys.ts";
import { keyedDigest, newest } from "./pseudonym.ts";

/**
 * Index key of a person: the first 8 bytes of the pseudonym's digest as a signed 64-bit integer. Two persons can share one, so a hit
 * counts only if the part it leads to has the whole pseudonym.
 * @param sub `kid "." hex`, see `pseudonymOf`
 */
export function referenceKey(sub: string): bigint {
  const at = sub.indexOf(".") + 1;
  return BigInt.asIntN(64, BigInt(`0x${sub.slice(at, at + 16)}`));
}

/** Index key of a tenant under the newest key epoch and `daybook/tenant/v1`, see `referenceKey`. @throws {LedgerError} `BAD_KEYS` */
export const tenantReference = (keys: LedgerKeys, tenant: string): bigint => ofDigest(keyedDigest(newest(keys).key, "tenant", tenant));

/** Index keys of a tenant under all live key epochs; a look-up must try each. */
export const tenantReferences = (keys: LedgerKeys, tenant: string): bigint[] =>
  keys.sub.map(({ key }) => ofDigest(keyedDigest(key, "tenant", tenant)));

const ofDigest = (hex: string) => BigInt.asIntN(64, BigInt(`0x${hex.slice(0, 16)}`));

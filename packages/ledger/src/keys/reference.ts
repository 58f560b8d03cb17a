import type { LedgerKeys } from "./keys.ts";
import { keyedDigest, newest } from "./pseudonym.ts";

/**
 * Key under which an index lists where a person appears: the first 8 bytes of the pseudonym's digest as a signed 64-bit integer. It
 * is short, so a hit counts only if the part found carries the whole pseudonym.
 * @param sub `kid "." hex`, see `pseudonymOf`
 */
export function referenceKey(sub: string): bigint {
  const at = sub.indexOf(".") + 1;
  return BigInt.asIntN(64, BigInt(`0x${sub.slice(at, at + 16)}`));
}

/** The same for a tenant, under the newest epoch and `daybook/tenant/v1`. @throws {LedgerError} `BAD_KEYS` */
export const tenantReference = (keys: LedgerKeys, tenant: string): bigint => ofDigest(keyedDigest(newest(keys).key, "tenant", tenant));

/** The references of a tenant under all live epochs: a look-up has to try each. */
export const tenantReferences = (keys: LedgerKeys, tenant: string): bigint[] =>
  keys.sub.map(({ key }) => ofDigest(keyedDigest(key, "tenant", tenant)));

const ofDigest = (hex: string) => BigInt.asIntN(64, BigInt(`0x${hex.slice(0, 16)}`));

import { LedgerError } from "../ledger-error.ts";
import type { LedgerKeys } from "./keys.ts";
import { keyedDigest } from "./pseudonym.ts";

/**
 * Tag that is stored for an erased pseudonym, so that a restored backup cannot bring the person back. It is the first 16 bytes of
 * HMAC-SHA-256 under the suppression key over `daybook/suppress/v1`, LF and the pseudonym.
 * @param sub pseudonym, see `pseudonymOf`
 * @returns 32 hexadecimal digits
 * @throws {LedgerError} `BAD_KEYS`: no suppression key among the keys
 */
export function suppressionTag({ suppress }: Pick<LedgerKeys, "suppress">, sub: string): string {
  if (suppress === undefined) throw new LedgerError("BAD_KEYS", "These keys have no suppression key; use those of a writer.");
  return keyedDigest(suppress, "suppress", sub);
}

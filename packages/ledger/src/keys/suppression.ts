import { LedgerError } from "../ledger-error.ts";
import type { LedgerKeys } from "./keys.ts";
import { keyedDigest } from "./pseudonym.ts";

/**
 * Tag under which an erased pseudonym is kept for a while, so that a restored backup cannot bring the person back: 32 hexadecimal
 * digits of HMAC-SHA-256 under a key of its own over `daybook/suppress/v1`, LF and the pseudonym.
 * @throws {LedgerError} `BAD_KEYS`: these keys hold no suppression key
 */
export function suppressionTag({ suppress }: Pick<LedgerKeys, "suppress">, sub: string): string {
  if (suppress === undefined) throw new LedgerError("BAD_KEYS", "These keys hold no suppression key; use those of a writer.");
  return keyedDigest(suppress, "suppress", sub);
}

import { readFileSync } from "node:fs";
import { isLedgerError, parseTrustPolicy, parseVkey, type TrustPolicy, type Vkey } from "@daybook/ledger";
import { UsageError } from "../process/usage-error.ts";

/** Keys given on the command line. */
export interface GivenTrust {
  readonly vkeys: readonly Vkey[] | undefined;
  readonly policy: TrustPolicy | undefined;
}

/** @throws {UsageError} if a key or the policy cannot be read */
export function givenTrust({ vkey, policy }: { readonly vkey?: readonly string[]; readonly policy?: string }): GivenTrust {
  try {
    return {
      vkeys: vkey?.map(parseVkey),
      policy: policy === undefined ? undefined : parseTrustPolicy(textOf("--policy", policy)),
    };
  } catch (cause) {
    if (!isLedgerError(cause)) throw cause;
    throw new UsageError(`${cause.code === "BAD_POLICY" ? `--policy ${policy}` : "--vkey"}: ${cause.hint}`);
  }
}

export function textOf(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new UsageError(`${option}: ${(cause as Error).message}`);
  }
}

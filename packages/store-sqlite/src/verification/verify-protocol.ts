import type { VerifyReport } from "@daybook/ledger";
import type { ThreadFailure } from "../database/thread-failure.ts";
import type { VerifyOptions } from "./verify-ledger.ts";

/** Start message of the verification thread. Public keys are texts. */
export interface VerifyStart {
  readonly path: string;
  /** Absolute path of the SQLite driver. */
  readonly driver: string;
  /** Text of the keys file. */
  readonly keys: string;
  readonly keysBeside: boolean;
  readonly options: Omit<VerifyOptions, "vkeys" | "witnesses" | "onProgress"> & {
    readonly vkeys?: readonly string[];
    readonly witnesses?: readonly string[];
  };
}

export interface VerifyResponse {
  readonly progress?: readonly [checked: number, total: number];
  readonly report?: VerifyReport;
  readonly failure?: ThreadFailure;
}

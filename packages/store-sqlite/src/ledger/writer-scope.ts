import type { LedgerKeys } from "@daybook/ledger";
import type { Sqlite } from "../database/sqlite-driver.ts";
import type { LedgerWriter } from "./ledger-writer.ts";

/** The objects that an operation of the writer works with. */
export interface WriterScope {
  /** The one connection of this writer. */
  readonly db: Sqlite;
  readonly ledger: LedgerWriter;
  readonly keys: LedgerKeys;
  readonly userIds: "readable" | "pseudonymous";
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

import type { LedgerKeys } from "@daybook/ledger";
import type { LedgerWriter } from "./ledger-writer.ts";
import type { Sqlite } from "./sqlite-driver.ts";

/** What an operation of the writer works with. */
export interface WriterScope {
  /** The one connection of this writer. */
  readonly db: Sqlite;
  readonly ledger: LedgerWriter;
  readonly keys: LedgerKeys;
  readonly userIds: "readable" | "pseudonymous";
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

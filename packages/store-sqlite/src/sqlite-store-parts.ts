import type { LedgerKeys, Policy } from "@daybook/ledger";
import type { Publisher } from "./checkpoints/publisher.ts";
import type { WriterEvent } from "./checkpoints/writer-event.ts";
import type { Sqlite } from "./database/sqlite-driver.ts";
import type { PersonReader } from "./persons/person-reader.ts";
import type { LedgerReader } from "./reading/ledger-reader.ts";
import type { RetentionOptions } from "./retention/retention.ts";
import type { StoreHealth } from "./verification/store-health.ts";
import type { ThreadedVerification } from "./verification/threaded-verification.ts";
import type { FileWriter } from "./writer/file-writer.ts";

/** The objects that `openSqliteStoreSync` builds a store from. */
export interface SqliteStoreParts {
  readonly path: string;
  readonly origin: string;
  readonly vkey: string;
  readonly writer: FileWriter;
  readonly listener: (event: WriterEvent) => void;
  readonly publisher: Publisher;
  readonly onNotice: (notice: string) => void;
  readonly connection: Sqlite;
  readonly keys: LedgerKeys;
  readonly reader: LedgerReader;
  readonly persons: PersonReader;
  readonly verification: ThreadedVerification;
  readonly health: () => Promise<StoreHealth>;
  /** Listener for the progress of a retention run. */
  readonly retained: { progress: RetentionOptions["onProgress"] };
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Settles when the policy given at opening is recorded. */
  readonly policyRecorded: Promise<void>;
  /** The policy that decides what an erasure removes now. */
  readonly policyInForce: () => Policy;
}

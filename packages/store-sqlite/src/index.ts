export { type BackupOptions, backupDatabase } from "./backup.ts";
export { openSqliteStore, openSqliteStoreSync, type SqliteStoreOptions } from "./open-sqlite-store.ts";
export { SCHEMA, SCHEMA_VERSION } from "./schema.ts";
export { openSqliteReader, type SqliteHealth, SqliteReader, type SqliteReaderOptions } from "./sqlite-reader.ts";
export { SqliteStore } from "./sqlite-store.ts";
export type { VerifyOptions } from "./verify-ledger.ts";

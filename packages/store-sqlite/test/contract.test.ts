import { join } from "node:path";
import { describeAuditSink, describeAuditStore, type StoreUnderTest, sampleEntry } from "@daybook/testkit";
import { openSqliteStore, type SqliteStoreOptions } from "../src/index.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const open = async (path: string, options: Partial<SqliteStoreOptions>): Promise<StoreUnderTest> => {
  const store = await openSqliteStore({ path, onNotice: () => undefined, ...options });
  return {
    store,
    reopen: async () => {
      await store.close();
      return open(path, options);
    },
    // Longer than the limit of an id: the ledger refuses it, whatever calls the store.
    unacceptable: sampleEntry({ actor: { kind: "user", id: "x".repeat(600) } }),
  };
};

describeAuditStore("sqlite", () => open(join(temporaryFolder(), "audit.db"), {}));

describeAuditSink("sqlite on the thread of the caller", async () => {
  const { store, unacceptable } = await open(join(temporaryFolder(), "audit.db"), { worker: false });
  return { sink: store, ...(unacceptable === undefined ? {} : { unacceptable }) };
});

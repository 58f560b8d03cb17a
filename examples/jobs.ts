/** Records without any HTTP: a nightly job, the steps it takes, and the one that fails. */
import { setTimeout as wait } from "node:timers/promises";
import { contentIngested, createAuditLog, operationFailed, runAs } from "@daybook/core";
import { openSqliteStore } from "@daybook/store-sqlite";

const audit = createAuditLog({ store: await openSqliteStore({ path: process.env.DAYBOOK_DB ?? "audit.db" }), service: "nightly" });

async function importFile(name: string, bytes: number): Promise<void> {
  await wait(5);
  if (bytes === 0) throw new Error("the file is empty");
  audit.record(contentIngested, { data: { source: name, bytes, status: "added" } });
}

/** Everything recorded below it, however deep, says that the importer did it. */
await runAs({ kind: "service", id: "nightly-import" }, async () => {
  for (const [name, bytes] of [
    ["prices.csv", 4_711],
    ["stock.csv", 0],
    ["suppliers.csv", 99],
  ] as const) {
    try {
      await importFile(name, bytes);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      audit.record(operationFailed, { error: { code: "IMPORT_FAILED", message }, data: { operation: `import ${name}` } });
    }
  }
});

// Nothing waited for these records so far; close() does, and says what could not be written.
const { lost } = await audit.close();
console.log(`done, ${lost} records lost`);
process.exitCode = lost === 0 ? 0 : 1;

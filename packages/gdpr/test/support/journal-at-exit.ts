/** A process that records entries of Ada's journal and ends without closing anything. Arguments: path, how it ends. */
import { createAuditLog } from "@daybook/core";
import { openSqliteStore } from "@daybook/store-sqlite";
import { createJournal } from "../../src/index.ts";

const [path, end] = process.argv.slice(2) as [string, string];
const store = await openSqliteStore({ path, onNotice: () => undefined });
const audit = createAuditLog({ store, lifecycle: false, onNotice: () => undefined });
const journal = createJournal({ audit, store });
for (let i = 0; i < 1_000; i++) void journal.record("ada", "note", { query: `entry ${i}` });
if (end === "exit") process.exit(3);
if (end === "throw") throw new Error("boom");
if (end === "later") setTimeout(() => process.exit(4), 2);
if (end === "signal") {
  setInterval(() => undefined, 1_000);
  process.kill(process.pid, "SIGTERM");
}
if (end === "close") await audit.close();

/** Stores the events of standard input in the log of the first argument, in a process of its own. */
import { readFileSync } from "node:fs";
import { type AuditEvent, defineEvent } from "@daybook/core";
import { appendEntries } from "@daybook/core/store";
import { openSqliteStore } from "@daybook/store-sqlite";

const { keys, events } = JSON.parse(readFileSync(0, "utf8")) as { keys: string; events: AuditEvent[] };
const definition = defineEvent({ type: "custom", action: "note.recorded" });
const store = await openSqliteStore({ path: process.argv[2]!, keys, anchors: [], onNotice: () => undefined });
for (let n = 0; n < events.length; n += 500) {
  await appendEntries(
    store,
    events.slice(n, n + 500).map((event) => ({ definition, event })),
    { durable: true },
  );
}
await store.close();

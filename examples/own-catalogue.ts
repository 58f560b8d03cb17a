/** An application's own events: typed where they are recorded, checked before they are stored, split for the day a person has to go. */
import { createAuditLog, defineEvent, runAs } from "@daybook/core";
import { openSqliteStore } from "@daybook/store-sqlite";
import { z } from "zod";

const bookLent = defineEvent({
  type: "lending",
  action: "book.lent",
  data: z.object({ title: z.string(), days: z.int().positive(), note: z.string().optional() }),
  // What was lent and what was noted goes with the reader; for how long stays.
  personal: ["title", "note"],
  description: "A reader took a book home.",
});
const shelfMoved = defineEvent({
  type: "admin_action",
  action: "shelf.moved",
  data: z.object({ from: z.string(), to: z.string() }),
  personal: [],
  resourceId: "impersonal",
  description: "An administrator moved a shelf.",
});

const store = await openSqliteStore({ path: process.env.DAYBOOK_DB ?? "audit.db" });
const audit = createAuditLog({ store, catalogue: [bookLent, shelfMoved] });

await runAs({ kind: "user", id: "ada" }, async () => {
  audit.record(bookLent, { resource: { type: "book", id: "7" }, data: { title: "The Prince", days: 28 } });
  // Administrative acts are durable: the receipt tells when this one would survive a power cut.
  await audit.record(shelfMoved, { resource: { type: "shelf", id: "n-4" }, data: { from: "north", to: "south" } }).stored;
});

// A payload that does not fit never gets into the trail; the receipt says why.
const refused = audit.record(bookLent, { data: { title: "The Prince", days: -1 } });
await refused.stored.catch((error: unknown) => console.log(error instanceof Error ? error.message : error));

for await (const { type, action, actor, data } of store.scan({ type: ["lending", "admin_action"] }, { order: "oldest" })) {
  console.log(JSON.stringify({ type, action, who: actor?.id, data }));
}
await audit.close();

/**
 * A separate process that writes and erases: `proof-program.mjs write <path> <name> <milliseconds>`, or
 * `proof-program.mjs erase <path> <name>`, which runs until it is killed.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type AuditEvent, noteRecorded } from "@daybook/core";
import { appendEntries, uuidV7 } from "@daybook/core/store";
import { openSqliteStore } from "../../../src/index.ts";

const [mode, path, name, milliseconds] = process.argv.slice(2) as ["write" | "erase", string, string, string | undefined];

const store = await openSqliteStore({ path, anchors: [], retention: "manual", onNotice: () => undefined });

const note = (user: string, n: number) => {
  const now = Date.now();
  const event: AuditEvent = {
    id: uuidV7(now),
    time: new Date(now).toISOString(),
    type: "custom",
    action: "note.recorded",
    severity: "info",
    outcome: "success",
    actor: { kind: "user", id: user },
    data: { note: `${name}.${n}` },
  };
  return { definition: noteRecorded, event };
};

process.stdout.write("ready\n");
if (mode === "write") {
  const until = performance.now() + Number(milliseconds);
  let n = 0;
  for (let round = 0; performance.now() < until; round++) {
    await appendEntries(
      store,
      Array.from({ length: 20 }, () => note(`${name}-${round % 5}`, n++)),
      { durable: true },
    );
    if (round % 25 === 24) await store.erase(`${name}-${round % 5}`);
    await pause(5);
  }
  await store.close();
  process.stdout.write(`${n}\n`);
} else {
  for (let round = 0; ; round++) {
    const user = `${name}-${round}`;
    await appendEntries(
      store,
      Array.from({ length: 40 }, (_, n) => note(user, n)),
      { durable: true },
    );
    process.stdout.write(`erasing ${user}\n`);
    await store.erase(user);
    process.stdout.write(`erased ${user}\n`);
  }
}

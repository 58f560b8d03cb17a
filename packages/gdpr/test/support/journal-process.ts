/** A process with a trail open over several logs: it records entries on command and returns their outcomes. Arguments: path, logs. */
import { createAuditLog } from "@daybook/core";
import { openSqliteStore } from "@daybook/store-sqlite";
import { createJournal, type JournalOutcome } from "../../src/index.ts";

const [path, logs] = process.argv.slice(2) as [string, string];
const opened = await Promise.all(
  Array.from({ length: Number(logs) }, async () => {
    const store = await openSqliteStore({ path, onNotice: () => undefined });
    const audit = createAuditLog({ store, signals: false, lifecycle: false, onNotice: () => undefined, onProblem: () => undefined });
    return { audit, journal: createJournal({ audit, store }) };
  }),
);

process.on("message", async (job: { readonly record?: string; readonly count?: number; readonly close?: true }) => {
  if (job.close === true) {
    for (const { journal, audit } of opened) {
      await journal.close();
      await audit.close();
    }
    process.disconnect();
    return;
  }
  const outcomes: Promise<JournalOutcome>[] = [];
  for (let i = 0; i < job.count!; i++) {
    outcomes.push(opened[i % opened.length]!.journal.record("ada", "note", { query: `${job.record} ${i}` }));
    if (i % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
  }
  const tally: Record<string, number> = {};
  for (const outcome of await Promise.all(outcomes)) {
    const key = "reason" in outcome ? outcome.reason : outcome.outcome;
    tally[key] = (tally[key] ?? 0) + 1;
  }
  process.send!(tally);
});
process.send!("ready");

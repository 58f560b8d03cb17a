import { defined } from "@daybook/core/store";
import { createJournal, exportJournal } from "@daybook/gdpr";
import { Progress } from "../output/progress.ts";
import { textOutput } from "../output/text-output.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { UsageError } from "../process/usage-error.ts";
import { onTrail, type PersonOptions, personOf } from "../trail/privacy-trail.ts";

export interface JournalDeleteOptions extends PersonOptions {
  readonly purpose: string;
  readonly before?: string;
  readonly confirm?: boolean;
}

export interface JournalExportOptions extends PersonOptions {
  readonly format: "json" | "ndjson" | "csv";
  readonly output?: string;
  readonly purpose: string;
}

export function exportOf(options: JournalExportOptions): Promise<ExitStatus> {
  const userId = personOf(options);
  return onTrail(options.db, async ({ audit, store }) => {
    const journal = createJournal({ audit, store, purpose: options.purpose });
    if ((await journal.count(userId)) === 0) {
      process.stderr.write("daybook: the journal is empty\n");
      return EXIT.nothing;
    }
    const output = textOutput(options.output);
    const progress = new Progress("characters");
    let characters = 0;
    try {
      for await (const text of exportJournal(journal.export(userId, options.format), options.format)) {
        await output.write(text);
        characters += text.length;
        progress.show(characters);
      }
    } finally {
      progress.end();
      await output.close();
      await journal.close();
    }
    return EXIT.ok;
  });
}

export function deleteOf({ before, confirm = false, purpose, ...options }: JournalDeleteOptions): Promise<ExitStatus> {
  const userId = personOf(options);
  const until = before === undefined ? undefined : Date.parse(before);
  if (Number.isNaN(until)) throw new UsageError("--before is a time such as 2026-11-24 or 2026-11-24T09:30:00Z.");
  return onTrail(options.db, async ({ audit, store }) => {
    const journal = createJournal({ audit, store, purpose });
    try {
      const entries = await journal.count(userId, defined({ until }));
      if (entries === 0) {
        process.stderr.write("daybook: the journal is empty\n");
        return EXIT.nothing;
      }
      if (!confirm) {
        process.stdout.write(`would delete ${entries} entries; nothing was deleted, add --confirm\n`);
        return EXIT.ok;
      }
      const deleted = await journal.delete(userId, defined({ before: until === undefined ? undefined : new Date(until).toISOString() }));
      process.stdout.write(`deleted ${deleted} entries\n`);
      const [pending] = (await store.eraseStatus({ retry: true })).filter(({ state }) => state === "pending");
      if (pending === undefined) return EXIT.ok;
      process.stdout.write(`PENDING: ${pending.reason ?? "the bytes are still being removed"} (retrying; see gdpr status)\n`);
      return EXIT.partial;
    } finally {
      await journal.close();
    }
  });
}

import { trailRead } from "@daybook/core";
import { followErasures, personCommitment, receiptOf } from "@daybook/gdpr";
import { textTable } from "../output/text-table.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { onTrail, type PersonOptions, personOf } from "../trail/privacy-trail.ts";
import { knownReceiptKey } from "../trail/receipt-key.ts";

export interface GdprStatusOptions extends PersonOptions {
  readonly retry?: boolean;
  readonly scan?: boolean;
  readonly format: "table" | "json";
  readonly receipt?: string;
}

export function gdprStatus({ retry = false, scan = false, format, receipt: wanted, ...options }: GdprStatusOptions): Promise<ExitStatus> {
  const userId = options.user === undefined && options.userFile === undefined ? undefined : personOf(options);
  return onTrail(options.db, async ({ path, audit, store }) => {
    if (wanted !== undefined) {
      const found = (await store.receipts({ limit: 100_000 })).find(({ receipt }) => receipt === wanted);
      if (found === undefined) {
        process.stderr.write("daybook: there is no such receipt\n");
        return EXIT.nothing;
      }
      process.stdout.write(found.note);
      return EXIT.ok;
    }
    if (userId !== undefined) return ofPerson(userId);
    const issued = retry || scan ? await followErasures({ audit, store }, { scan }) : [];
    const runs = await store.eraseStatus();
    const receipts = await store.receipts();
    await audit.record(trailRead, { data: { verb: "gdpr status", records: runs.length } }).stored;
    const pending = runs.filter(({ state }) => state === "pending").length;
    if (format === "json")
      process.stdout.write(`${JSON.stringify({ runs, receipts: receipts.map(({ note }) => receiptOf(note)) }, null, 2)}\n`);
    else {
      const rows = runs.map(({ run, manifest, state, made, proven, reason }) => {
        const newest = receipts.find((known) => known.run === run);
        return [
          String(run),
          state,
          made,
          proven ?? "",
          manifest === undefined ? "journal" : `#${manifest}`,
          newest?.receipt ?? "",
          reason ?? "",
        ];
      });
      process.stdout.write(textTable(["run", "state", "made", "proven", "manifest", "receipt", "reason"], rows));
      if (issued.length > 0)
        process.stdout.write(`${issued.length} erasures are proven now: ${issued.map(({ receipt }) => receipt.receipt).join(", ")}\n`);
    }
    if (pending > 0) return EXIT.partial;
    return runs.length + receipts.length > 0 ? EXIT.ok : EXIT.nothing;

    async function ofPerson(id: string): Promise<ExitStatus> {
      const key = knownReceiptKey(path);
      await audit.record(trailRead, { data: { verb: "gdpr status (person)" } }).stored;
      if (key === undefined) {
        process.stderr.write("daybook: the key of receipts does not exist, so no receipt can be linked to a person\n");
        return EXIT.nothing;
      }
      const found = await store.receipts({ commitment: personCommitment(key, id) });
      if (format === "json")
        process.stdout.write(
          `${JSON.stringify(
            found.map(({ note }) => receiptOf(note)),
            null,
            2,
          )}\n`,
        );
      else
        process.stdout.write(
          textTable(
            ["receipt", "made", "state"],
            found.map(({ receipt, made, note }) => [receipt, made, receiptOf(note).state]),
          ),
        );
      return found.length > 0 ? EXIT.ok : EXIT.nothing;
    }
  });
}

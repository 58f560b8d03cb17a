import { trailRead } from "@daybook/core";
import { type ConsentRecord, type ConsentState, defined } from "@daybook/core/store";
import { withdrawConsent } from "@daybook/gdpr";
import { stringify } from "csv-stringify/sync";
import { guardFormula, safeCell } from "../output/safe-text.ts";
import { textOutput } from "../output/text-output.ts";
import { textTable } from "../output/text-table.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { consentOf, onTrail, type PersonOptions, personOf, publishedConsentOf } from "../trail/privacy-trail.ts";

export interface ConsentChangeOptions extends PersonOptions {
  readonly purpose: string;
  readonly act?: string;
  readonly method: "cli" | "paper" | "api";
  readonly language?: string;
}

export interface ConsentListOptions extends PersonOptions {
  readonly purpose?: string;
  readonly state?: string;
  readonly format: "table" | "json" | "csv";
  readonly receipts?: boolean;
  readonly output?: string;
}

const COLUMNS = ["decided", "person", "purpose", "version", "state", "ended", "method", "by", "entry"] as const;

const cells = (record: ConsentRecord) => [
  record.decidedAt,
  record.userId ?? "(pseudonymous)",
  record.purpose,
  record.version,
  record.state,
  record.endedAt ?? "",
  record.method,
  record.by,
  String(record.seq),
];

export function list({ purpose, state, format, receipts = false, output: path, ...options }: ConsentListOptions): Promise<ExitStatus> {
  const userId = options.user === undefined && options.userFile === undefined ? undefined : personOf(options);
  return onTrail(options.db, async (trail) => {
    const { store, audit } = trail;
    const records: ConsentRecord[] = [];
    const wanted = (record: ConsentRecord) =>
      (purpose === undefined || record.purpose === purpose) && (state === undefined || record.state === state);
    if (userId !== undefined) records.push(...(await store.consentsOf(userId)).filter(wanted));
    else {
      const filter = defined({ purpose, state: state as ConsentState | undefined });
      for await (const record of store.consents(filter)) records.push(record);
    }
    const output = textOutput(path);
    if (format === "json") {
      const consent = receipts ? await publishedConsentOf(trail) : undefined;
      const full = records.map((record) => (consent === undefined ? record : { ...record, receipt: consent.receipt(record) }));
      await output.write(`${JSON.stringify(full, null, 2)}\n`);
    } else if (format === "csv") {
      const rows = records.map((record) => cells(record).map((cell) => guardFormula(safeCell(cell))));
      await output.write(stringify([[...COLUMNS], ...rows], { record_delimiter: "windows" }));
    } else await output.write(textTable(COLUMNS, records.map(cells)));
    await output.close();
    await audit.record(trailRead, { data: { verb: "consent list", records: records.length, format } }).stored;
    return records.length > 0 ? EXIT.ok : EXIT.nothing;
  });
}

export function grant({ purpose, act, method, language, ...options }: ConsentChangeOptions): Promise<ExitStatus> {
  const userId = personOf(options);
  return onTrail(options.db, async (trail) => {
    const consent = await consentOf(trail);
    const notice = consent.notice(language);
    const record = await consent.give(userId, purpose, {
      method,
      by: "operator",
      act: { what: act ?? "", before: false, after: true },
      shown: { notice: notice.notice, version: notice.version, language: notice.language },
    });
    process.stdout.write(`${JSON.stringify(consent.receipt(record), null, 2)}\n`);
    return EXIT.ok;
  });
}

export function revoke({ purpose, act, method, ...options }: ConsentChangeOptions): Promise<ExitStatus> {
  const userId = personOf(options);
  return onTrail(options.db, async (trail) => {
    // Nothing is published here: an edited text must never stand in the way of a withdrawal.
    const ended = await withdrawConsent(userId, purpose, { ...trail, method, by: "operator", ...defined({ what: act }) });
    if (ended === undefined) {
      process.stderr.write("daybook: there was no consent to withdraw\n");
      return EXIT.nothing;
    }
    process.stdout.write(`consent for ${purpose} of ${ended.decidedAt} ended at ${ended.endedAt}; its journal is deleted\n`);
    return EXIT.ok;
  });
}

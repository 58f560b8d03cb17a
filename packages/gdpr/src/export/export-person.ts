import { createHash } from "node:crypto";
import { type AuditLog, currentContext, type StoredEvent } from "@daybook/core";
import {
  type AuditStore,
  type ConsentRecord,
  type ConsentStore,
  type DataRequest,
  type ErasureStore,
  type JournalStore,
  type NoticeVersion,
  personExported,
  type RequestStore,
  requestMoved,
} from "@daybook/core/store";
import { type ConsentReceipt, consentReceipt } from "../consent/consent-receipt.ts";
import { noticeOf } from "../consent/notice.ts";
import { purposeOf } from "../consent/purpose.ts";
import { checkIdentity, type IdentityProof } from "../person/identity.ts";
import { letArrive } from "../person/waiting-records.ts";
import { encrypterFor } from "./age-recipients.ts";
import { type CsvCell, csvLines, guarded } from "./csv-line.ts";
import {
  CONSENT_COLUMNS,
  consentCells,
  JOURNAL_COLUMNS,
  journalCells,
  overviewPage,
  PagedTable,
  RECORD_COLUMNS,
  recordCells,
} from "./export-pages.ts";
import { EXPORT_SCHEMA, PORTABILITY_SCHEMA } from "./export-schema.ts";
import { type PackagedFile, type PackageFile, type PackageFolder, packageFolder } from "./package-folder.ts";
import type { PrivacyInformation } from "./privacy-information.ts";
import { OtherPeople } from "./redaction.ts";

export type PersonStore = AuditStore & ConsentStore & JournalStore & RequestStore & ErasureStore & { readonly origin?: string };

/** A place that holds personal data but cannot be asked, such as a sink. */
export interface UnsearchedPlace {
  readonly place: string;
  readonly note?: string;
}

export interface ExportOptions extends IdentityProof {
  readonly audit: AuditLog;
  readonly store: PersonStore;
  /**
   * Where the package goes: a folder that does not exist yet, or an empty one. It is made with mode 0700, its files with 0600, and
   * appears when it is complete.
   */
  readonly folder: string;
  readonly information: PrivacyInformation;
  /** Public keys of age (`age1…`) that can open the files, each of which then ends in `.age`. Default: none, and the files are readable. */
  readonly encryptTo?: readonly string[] | undefined;
  /** Places that cannot be searched from here. Default: the recipients of `information`. */
  readonly unsearched?: readonly UnsearchedPlace[];
  /** Told now and then how many entries were written. */
  readonly onProgress?: (entries: number) => void;
  /** Gives up when it is aborted, with its reason; nothing is left of the package. Default: it runs to its end. */
  readonly signal?: AbortSignal;
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

export interface ExportSummary {
  readonly files: readonly PackagedFile[];
  /** SHA-256 of `manifest.json`, hexadecimal. */
  readonly manifestSha256: string;
  readonly journal: number;
  readonly records: number;
  readonly consents: number;
  readonly requests: number;
  /** Records in which somebody else acted. */
  readonly accesses: number;
  /** Values of other people that were replaced or left out. */
  readonly redactions: number;
  /** Records with free text next to other people: a human has to look at these before the package is handed over. */
  readonly review: { readonly records: number; readonly first: readonly { readonly seq: number; readonly paths: readonly string[] }[] };
}

const FIRST_REVIEWS = 100;
const ROWS_AT_ONCE = 1_000;
const CSV_STEP = 100;
const REDACTABLE_KINDS = new Set<string | undefined>(["user", "anonymous", undefined]);

/**
 * Writes everything the trail holds about one person into a folder: JSON with its schema, CSV, pages to read, and a manifest with the
 * SHA-256 of every file (GDPR, Art. 15 and 20). Memory does not grow with the number of entries, and no reader stays open between
 * pages. The export itself is a record of the trail.
 * @throws {DaybookError} `IDENTITY_UNVERIFIED`, `REQUEST_UNKNOWN`, `REQUEST_STATE`, `BAD_OPTION`
 */
export async function exportPerson(userId: string, options: ExportOptions): Promise<ExportSummary> {
  const request = await checkIdentity(options.store, userId, options);
  // What waits in memory or in the spool is about the person too.
  const waiting = await letArrive(options.audit);
  const { encryptTo = [] } = options;
  const encrypter = encryptTo.length === 0 ? undefined : await encrypterFor(encryptTo);
  const folder = packageFolder(options.folder, encrypter);
  try {
    const summary = await writePackage(userId, folder, request, waiting, options);
    folder.complete();
    return summary;
  } catch (cause) {
    folder.discard();
    throw cause;
  }
}

async function writePackage(
  userId: string,
  { file, drained }: PackageFolder,
  request: DataRequest | undefined,
  waiting: number,
  { audit, store, information, clock, onProgress, signal, unsearched, encryptTo = [] }: ExportOptions,
): Promise<ExportSummary> {
  const made = new Date(clock?.now() ?? Date.now()).toISOString();
  const log = store.origin ?? store.name;
  const files: PackagedFile[] = [];
  const add = (name: string, text: string) => {
    const written = file(name);
    written.write(text);
    files.push(written.finish());
  };

  const consents = await consentsWithReceipts(store, userId);
  const notices = noticesOf(await store.notices(), consents);
  const requests = await store.requests({ userId });
  const requestsWithoutSub = requests.map(({ sub: _sub, ...rest }) => rest);

  const everything = file("export.json");
  const portable = file("portability.json");
  const pretty = (value: unknown) => JSON.stringify(value, null, 1);
  everything.write(
    `{"format":"daybook-export/1","made":${JSON.stringify(made)},"person":${JSON.stringify(userId)},"log":${JSON.stringify(log)},` +
      `${request === undefined ? "" : `"request":${JSON.stringify(request.request)},`}\n"information":${pretty(information)},\n` +
      `"consents":${pretty(consents)},\n"notices":${pretty(notices)},\n"requests":${pretty(requestsWithoutSub)},\n"journal":[`,
  );
  portable.write(
    `{"format":"daybook-portability/1","made":${JSON.stringify(made)},"person":${JSON.stringify(userId)},\n"consents":${pretty(consents)},\n"journal":[`,
  );

  const journalCsv = new CsvFile(file("journal.csv"), JOURNAL_COLUMNS, true);
  const portableCsv = new CsvFile(file("portability.csv"), JOURNAL_COLUMNS, false);
  const journalPages = new PagedTable(file, "journal", "Your journal", JOURNAL_COLUMNS);
  let journal = 0;
  for await (const { row: _row, ...activity } of store.scanJournal(userId)) {
    const text = `${journal === 0 ? "\n" : ",\n"}${JSON.stringify(activity)}`;
    everything.write(text);
    portable.write(text);
    const cells = journalCells(activity);
    journalCsv.add(cells);
    portableCsv.add(cells);
    journalPages.add(cells);
    if (++journal % ROWS_AT_ONCE === 0) {
      onProgress?.(journal);
      await drained();
    }
    signal?.throwIfAborted();
  }
  everything.write('\n],\n"records":[');
  portable.write("\n]}\n");

  const own = await store.namesOf(userId);
  const ownNames = new Set(own);
  const others = new OtherPeople(own);
  const recordsCsv = new CsvFile(file("records.csv"), RECORD_COLUMNS, true);
  const accessesCsv = new CsvFile(file("accesses.csv"), ["time", "action", "purpose", "reason", "who", "entry"], true);
  const recordPages = new PagedTable(file, "records", "Records of the audit trail", RECORD_COLUMNS);
  let records = 0;
  let accesses = 0;
  let redactions = 0;
  const review = { records: 0, first: [] as { seq: number; paths: readonly string[] }[] };
  for await (const event of store.scan({ user: userId }, { order: "oldest" })) {
    const { record, redacted, review: paths } = others.disclose(event);
    const roles = rolesOf(event, ownNames);
    everything.write(
      `${records === 0 ? "\n" : ",\n"}${JSON.stringify({ ...record, roles, ...(redacted.length === 0 ? {} : { redacted }) })}`,
    );
    const cells = recordCells(record, roles);
    recordsCsv.add(cells);
    recordPages.add(cells);
    redactions += redacted.length;
    if (!roles.includes("actor") && REDACTABLE_KINDS.has(event.actor?.kind) && event.actor !== undefined) {
      accesses++;
      accessesCsv.add([record.time, record.action, record.purpose, record.reason, record.actor?.id ?? record.actor?.kind, record.seq]);
    }
    if (paths.length > 0) {
      review.records++;
      if (review.first.length < FIRST_REVIEWS) review.first.push({ seq: event.seq, paths });
    }
    if (++records % ROWS_AT_ONCE === 0) {
      onProgress?.(journal + records);
      await drained();
    }
    signal?.throwIfAborted();
  }

  const places = [
    { place: "audit trail, in every role", searched: true, found: records },
    { place: "journal", searched: true, found: journal },
    { place: "consents", searched: true, found: consents.length },
    { place: "register of requests", searched: true, found: requests.length },
    waiting === 0
      ? { place: "records waiting for the store", searched: true, note: "written before the search" }
      : {
          place: "records waiting for the store",
          searched: false,
          note: `${waiting} records lie in the spool, because the store does not take them now; export again when it does`,
        },
    ...(
      unsearched ?? information.recipients.map(({ name, erasure }) => ({ place: name, note: `a recipient; erasure there: ${erasure}` }))
    ).map(({ place, note }) => ({ place, searched: false, ...(note === undefined ? {} : { note }) })),
  ];
  everything.write(`\n],\n"places":${pretty(places)}}\n`);
  files.push(everything.finish(), portable.finish(), journalCsv.finish(), portableCsv.finish(), recordsCsv.finish(), accessesCsv.finish());
  const consentsCsv = new CsvFile(file("consents.csv"), CONSENT_COLUMNS, true);
  for (const record of consents) consentsCsv.add(consentCells(record));
  files.push(consentsCsv.finish());
  const pages = [...journalPages.finish(), ...recordPages.finish()];
  files.push(...pages);
  add(
    "index.html",
    overviewPage({ person: userId, made, log, information, consents, requests, counts: { journal, records, accesses }, pages, places }),
  );
  add("export.schema.json", `${JSON.stringify(EXPORT_SCHEMA, null, 2)}\n`);
  add("portability.schema.json", `${JSON.stringify(PORTABILITY_SCHEMA, null, 2)}\n`);

  const manifest = `${JSON.stringify({ format: "daybook-manifest/1", made, log, files, redactions, toReview: review.records }, null, 2)}\n`;
  add("manifest.json", manifest);
  await drained();
  const manifestSha256 = createHash("sha256").update(manifest).digest("hex");
  const data = {
    scope: "person",
    format: "package",
    records,
    journal,
    consents: consents.length,
    requests: requests.length,
    files: files.length,
    redactions,
    toReview: review.records,
    manifestSha256,
    ...(encryptTo.length === 0 ? {} : { encryption: "age" }),
    ...(request === undefined ? {} : { request: request.request }),
  };
  await audit.record(personExported, { ...personsOf(userId), data }).stored;
  if (request !== undefined) await audit.record(requestMoved, { data: { request: request.request, state: "reviewing" } }).stored;
  return { files, manifestSha256, journal, records, consents: consents.length, requests: requests.length, accesses, redactions, review };
}

/** In which roles the person occurs; the store found the record by them, so one of them is missing only where it was erased. */
function rolesOf({ actor, subjects = [] }: StoredEvent, own: ReadonlySet<string>): string[] {
  const roles = new Set<string>();
  if (actor?.id !== undefined && own.has(actor.id)) roles.add("actor");
  for (const { id, role = "subject" } of subjects) if (own.has(id)) roles.add(role);
  return [...roles];
}

async function consentsWithReceipts(
  store: PersonStore,
  userId: string,
): Promise<(ConsentRecord & { readonly receipt?: ConsentReceipt })[]> {
  const [purposes, notices] = [await store.purposes(), await store.notices()];
  return (await store.consentsOf(userId)).map((record) => {
    const purpose = purposes.find((known) => known.purpose === record.purpose && known.version === record.version);
    const notice = notices.find(
      (known) => known.notice === record.notice && known.version === record.noticeVersion && known.language === record.language,
    );
    return purpose === undefined || notice === undefined
      ? record
      : { ...record, receipt: consentReceipt(record, purposeOf(purpose), noticeOf(notice)) };
  });
}

/** The texts the person was shown. */
function noticesOf(notices: readonly NoticeVersion[], consents: readonly ConsentRecord[]) {
  return notices
    .filter((known) =>
      consents.some(
        (record) => known.notice === record.notice && known.version === record.noticeVersion && known.language === record.language,
      ),
    )
    .map(({ notice, version, language, sha256, content }) => ({ notice, version, language, sha256, content }));
}

function personsOf(userId: string) {
  const actor = currentContext()?.actor() ?? { kind: "system" as const };
  return actor.id === userId ? { actor } : { actor, subjects: [{ id: userId }] };
}

/** Rows are turned into text a few hundred at a time. */
class CsvFile {
  readonly #file: PackageFile;
  readonly #guard: boolean;
  #waiting: (readonly CsvCell[])[] = [];
  #rows = 0;

  constructor(file: PackageFile, columns: readonly string[], guard: boolean) {
    this.#file = file;
    this.#guard = guard;
    file.write(csvLines([columns]));
  }

  add(cells: readonly CsvCell[]): void {
    this.#waiting.push(this.#guard ? guarded(cells) : cells);
    this.#rows++;
    if (this.#waiting.length >= CSV_STEP) this.#flush();
  }

  finish(): PackagedFile {
    this.#flush();
    return { ...this.#file.finish(), rows: this.#rows };
  }

  #flush(): void {
    if (this.#waiting.length > 0) this.#file.write(csvLines(this.#waiting));
    this.#waiting = [];
  }
}

import { createHash } from "node:crypto";
import type { AuditLog } from "@daybook/core";
import {
  type AuditStore,
  type ConsentStore,
  type DataRequest,
  defined,
  type ErasureStore,
  type JournalStore,
  personExported,
  type RequestStore,
  requestMoved,
} from "@daybook/core/store";
import { checkIdentity, type IdentityProof } from "../person/identity.ts";
import { personsOf } from "../person/persons-of.ts";
import { letArrive } from "../person/waiting-records.ts";
import { encrypterFor } from "./age-recipients.ts";
import { CsvFile } from "./csv-file.ts";
import { consentsWithReceipts, noticesOf } from "./export-consents-part.ts";
import { exportJournalPart } from "./export-journal-part.ts";
import { CONSENT_COLUMNS, consentCells, overviewPage } from "./export-pages.ts";
import { exportRecordsPart, type ReviewList } from "./export-records-part.ts";
import { EXPORT_SCHEMA, PORTABILITY_SCHEMA } from "./export-schema.ts";
import { type PackagedFile, type PackageFolder, packageFolder } from "./package-folder.ts";
import { packageWriter } from "./package-writer.ts";
import { placesOf, type UnsearchedPlace } from "./places.ts";
import type { PrivacyInformation } from "./privacy-information.ts";

/** A store from which everything about a person can be exported. */
export type PersonStore = AuditStore & ConsentStore & JournalStore & RequestStore & ErasureStore & { readonly origin?: string };

/** Options of `exportPerson`. */
export interface ExportOptions extends IdentityProof {
  /** The audit trail that has the person's data. */
  readonly audit: AuditLog;
  /** The store of that audit trail. */
  readonly store: PersonStore;
  /**
   * Folder of the package, which must not exist or must be empty. Its mode is 0700, that of its files 0600. It appears when it is
   * complete.
   */
  readonly folder: string;
  /** Information for the person, from `privacyInformation`. */
  readonly information: PrivacyInformation;
  /** Public keys of age (`age1…`) that can open the files, each of which then ends in `.age`. Default: none, and the files are readable. */
  readonly encryptTo?: readonly string[] | undefined;
  /** Places that cannot be searched from here. Default: the recipients of `information`. */
  readonly unsearched?: readonly UnsearchedPlace[];
  /** Called after each 1,000 entries with the number written so far. */
  readonly onProgress?: (entries: number) => void;
  /** Aborts the export: it rejects with the reason and leaves no package. Default: none. */
  readonly signal?: AbortSignal;
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

/** What a package contains. */
export interface ExportSummary {
  /** All files, `manifest.json` last. */
  readonly files: readonly PackagedFile[];
  /** SHA-256 of `manifest.json`, hexadecimal. */
  readonly manifestSha256: string;
  /** Number of journal entries. */
  readonly journal: number;
  /** Number of records of the audit trail. */
  readonly records: number;
  /** Number of agreements and refusals. */
  readonly consents: number;
  /** Number of requests of the register. */
  readonly requests: number;
  /** Records in which another person acted. */
  readonly accesses: number;
  /** Values of other people that were replaced or left out. */
  readonly redactions: number;
  /** Records that a human reads before the package is handed over. */
  readonly review: ReviewList;
}

/**
 * Writes all data of one person into a folder: JSON with its schema, CSV, pages to read, and a manifest with the
 * SHA-256 of every file (GDPR, Art. 15 and 20). Memory does not grow with the number of entries, and no reader stays open between
 * pages. The export is itself recorded.
 * @throws {DaybookError} `IDENTITY_UNVERIFIED`, `REQUEST_UNKNOWN`, `REQUEST_STATE`, `BAD_OPTION`
 * @example
 * ```ts
 * import { createAuditLog } from "@daybook/core";
 * import { exportPerson, privacyInformation } from "@daybook/gdpr";
 * import { openSqliteStore } from "@daybook/store-sqlite";
 *
 * const store = await openSqliteStore({ path: "data/audit.db" });
 * const audit = createAuditLog({ store });
 * const [purposes, periods] = [await store.purposes(), await store.retentionPeriods()];
 * const information = privacyInformation({ definitions: audit.catalogue.all(), purposes, periods });
 * const verification = { method: "operator", confirmed: true } as const;
 * const summary = await exportPerson("u-7", { audit, store, folder: "u-7", information, verification });
 * console.log(summary.records, summary.manifestSha256);
 * ```
 */
export async function exportPerson(userId: string, options: ExportOptions): Promise<ExportSummary> {
  const request = await checkIdentity(options.store, userId, options);
  // Queued and spooled events may be about the person too.
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
  folder: PackageFolder,
  request: DataRequest | undefined,
  spooled: number,
  options: ExportOptions,
): Promise<ExportSummary> {
  const { audit, store, information, clock, unsearched, encryptTo = [] } = options;
  const writer = packageWriter(folder, options);
  const made = new Date(clock?.now() ?? Date.now()).toISOString();
  const log = store.origin ?? store.name;

  const consents = await consentsWithReceipts(store, userId);
  const notices = noticesOf(await store.notices(), consents);
  const requests = await store.requests({ userId });
  const requestsWithoutSub = requests.map(({ sub: _sub, ...rest }) => rest);

  const json = { everything: writer.file("export.json"), portable: writer.file("portability.json") };
  const { everything, portable } = json;
  everything.write(
    `{"format":"daybook-export/1","made":${JSON.stringify(made)},"person":${JSON.stringify(userId)},"log":${JSON.stringify(log)},` +
      `${request === undefined ? "" : `"request":${JSON.stringify(request.request)},`}\n"information":${pretty(information)},\n` +
      `"consents":${pretty(consents)},\n"notices":${pretty(notices)},\n"requests":${pretty(requestsWithoutSub)},\n"journal":[`,
  );
  portable.write(
    `{"format":"daybook-portability/1","made":${JSON.stringify(made)},"person":${JSON.stringify(userId)},\n"consents":${pretty(consents)},\n"journal":[`,
  );
  const journalPart = await exportJournalPart(userId, store, json, writer);
  everything.write('\n],\n"records":[');
  portable.write("\n]}\n");
  const recordsPart = await exportRecordsPart(userId, store, await store.namesOf(userId), json, writer);

  const { records, accesses, redactions, review } = recordsPart;
  const journal = journalPart.entries;
  const found = { records, journal, consents: consents.length, requests: requests.length };
  const places = placesOf(found, spooled, information.recipients, unsearched);
  everything.write(`\n],\n"places":${pretty(places)}}\n`);
  const consentsCsv = new CsvFile(writer.file("consents.csv"), CONSENT_COLUMNS, true);
  for (const record of consents) consentsCsv.add(consentCells(record));
  const data = [everything.finish(), portable.finish(), ...journalPart.csvFiles, ...recordsPart.csvFiles, consentsCsv.finish()];
  const pages = [...journalPart.finishPages(), ...recordsPart.finishPages()];
  const counts = { journal, records, accesses };
  const files = [
    ...data,
    ...pages,
    writer.whole("index.html", overviewPage({ person: userId, made, log, information, consents, requests, counts, pages, places })),
    writer.whole("export.schema.json", `${JSON.stringify(EXPORT_SCHEMA, null, 2)}\n`),
    writer.whole("portability.schema.json", `${JSON.stringify(PORTABILITY_SCHEMA, null, 2)}\n`),
  ];
  const toReview = review.records;
  const manifest = `${JSON.stringify({ format: "daybook-manifest/1", made, log, files, redactions, toReview }, null, 2)}\n`;
  files.push(writer.whole("manifest.json", manifest));
  await folder.drained();
  const manifestSha256 = createHash("sha256").update(manifest).digest("hex");
  const exported = defined({
    scope: "person",
    format: "package",
    ...found,
    files: files.length,
    redactions,
    toReview,
    manifestSha256,
    encryption: encryptTo.length === 0 ? undefined : "age",
    request: request?.request,
  });
  await audit.record(personExported, { ...personsOf(userId, "system"), data: exported }).stored;
  if (request !== undefined) await audit.record(requestMoved, { data: { request: request.request, state: "reviewing" } }).stored;
  return { files, manifestSha256, ...found, accesses, redactions, review };
}

const pretty = (value: unknown) => JSON.stringify(value, null, 1);

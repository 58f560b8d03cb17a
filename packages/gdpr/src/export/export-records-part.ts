import type { StoredEvent } from "@daybook/core";
import type { AuditStore } from "@daybook/core/store";
import { CsvFile } from "./csv-file.ts";
import { PagedTable, RECORD_COLUMNS, recordCells } from "./export-pages.ts";
import type { PackagedFile } from "./package-folder.ts";
import type { JsonFiles, PackageWriter } from "./package-writer.ts";
import { OtherPeople } from "./redaction.ts";

/** Records with free text next to other people: a human reads them before the package is handed over. */
export interface ReviewList {
  readonly records: number;
  /** The first `LISTED_REVIEWS` of them. */
  readonly first: readonly { readonly seq: number; readonly paths: readonly string[] }[];
}

/** The records about a person, as the package has them. */
export interface ExportedRecords {
  readonly records: number;
  readonly accesses: number;
  readonly redactions: number;
  readonly review: ReviewList;
  readonly csvFiles: readonly PackagedFile[];
  finishPages(): readonly PackagedFile[];
}

/** Records to review that the summary lists by number. */
const LISTED_REVIEWS = 100;
const ACCESS_COLUMNS = ["time", "action", "purpose", "reason", "who", "entry"] as const;
/** Kinds of actors whose act is an access by another person; `undefined` is an erased actor. */
const KINDS_OF_PERSONS = new Set<string | undefined>(["user", "anonymous", undefined]);

/** Writes every record about a person into `export.json`, the CSV files and the pages, without the data of other people. */
export async function exportRecordsPart(
  userId: string,
  store: AuditStore,
  own: readonly string[],
  { everything }: Pick<JsonFiles, "everything">,
  { file, written }: PackageWriter,
): Promise<ExportedRecords> {
  const ownNames = new Set(own);
  const others = new OtherPeople(own);
  const csv = new CsvFile(file("records.csv"), RECORD_COLUMNS, true);
  const accessesCsv = new CsvFile(file("accesses.csv"), ACCESS_COLUMNS, true);
  const pages = new PagedTable(file, "records", "Records of the audit trail", RECORD_COLUMNS);
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
    csv.add(cells);
    pages.add(cells);
    redactions += redacted.length;
    if (!roles.includes("actor") && KINDS_OF_PERSONS.has(event.actor?.kind) && event.actor !== undefined) {
      accesses++;
      accessesCsv.add([record.time, record.action, record.purpose, record.reason, record.actor?.id ?? record.actor?.kind, record.seq]);
    }
    if (paths.length > 0) {
      review.records++;
      if (review.first.length < LISTED_REVIEWS) review.first.push({ seq: event.seq, paths });
    }
    records++;
    await written();
  }
  const csvFiles = [csv.finish(), accessesCsv.finish()];
  return { records, accesses, redactions, review, csvFiles, finishPages: () => pages.finish() };
}

/** Roles of the person in a record. The store finds a record by them, so a role is missing only if it was erased. */
function rolesOf({ actor, subjects = [] }: StoredEvent, own: ReadonlySet<string>): string[] {
  const roles = new Set<string>();
  if (actor?.id !== undefined && own.has(actor.id)) roles.add("actor");
  for (const { id, role = "subject" } of subjects) if (own.has(id)) roles.add(role);
  return [...roles];
}

import type { StoredEvent } from "@daybook/core";
import type { ConsentRecord, DataRequest, JournalEntry } from "@daybook/core/store";
import type { PackagedFile, PackageFile } from "./package-folder.ts";
import type { PrivacyInformation } from "./privacy-information.ts";

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const ROWS_PER_PAGE = 2_000;

const escaped = (value: unknown) => String(value ?? "").replace(/[&<>"']/g, (character) => ENTITIES[character]!);

const STYLE =
  "body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}" +
  "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ccc}" +
  "caption{text-align:left;font-weight:600;padding:.5rem 0}@media(prefers-color-scheme:dark){body{color:#eee;background:#181818}a{color:#9cf}}";

const head = (title: string) =>
  `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
  `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${escaped(title)}</title><style>${STYLE}</style></head><body>\n` +
  `<main><h1>${escaped(title)}</h1>\n`;
const FOOT = "</main></body></html>\n";

const row = (cells: readonly unknown[]) => `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>\n`;
const table = (caption: string, columns: readonly string[]) =>
  `<table><caption>${escaped(caption)}</caption><thead><tr>${columns.map((column) => `<th scope="col">${escaped(column)}</th>`).join("")}</tr></thead><tbody>\n`;
const listOf = (items: readonly string[]) => `<ul>\n${items.map((item) => `<li>${escaped(item)}</li>`).join("\n")}\n</ul>\n`;

/** A table over several pages, each with at most `ROWS_PER_PAGE` rows, so that a browser opens any of them. */
export class PagedTable {
  readonly files: PackagedFile[] = [];
  readonly #open: (name: string) => PackageFile;
  readonly #name: string;
  readonly #title: string;
  readonly #columns: readonly string[];
  #page: PackageFile | undefined;
  #rows = 0;

  constructor(open: (name: string) => PackageFile, name: string, title: string, columns: readonly string[]) {
    this.#open = open;
    this.#name = name;
    this.#title = title;
    this.#columns = columns;
  }

  add(cells: readonly unknown[]): void {
    if (this.#page === undefined || this.#rows === ROWS_PER_PAGE) {
      this.#close(true);
      const number = this.files.length + 1;
      this.#page = this.#open(`${this.#name}-${String(number).padStart(4, "0")}.html`);
      this.#page.write(
        `${head(`${this.#title}, page ${number}`)}<p><a href="index.html">Overview</a></p>\n${table(this.#title, this.#columns)}`,
      );
      this.#rows = 0;
    }
    this.#rows++;
    this.#page.row(row(cells));
  }

  finish(): readonly PackagedFile[] {
    this.#close(false);
    return this.files;
  }

  #close(more: boolean): void {
    if (this.#page === undefined) return;
    const next = `${this.#name}-${String(this.files.length + 2).padStart(4, "0")}.html`;
    this.#page.write(`</tbody></table>\n${more ? `<p><a href="${next}">Next page</a></p>\n` : ""}${FOOT}`);
    this.files.push(this.#page.finish());
    this.#page = undefined;
  }
}

export const journalCells = (activity: Omit<JournalEntry, "row">): (string | undefined)[] => [
  activity.time,
  activity.activity,
  activity.query,
  activity.resourceType,
  activity.resourceId,
  activity.collection,
  activity.details === undefined ? undefined : JSON.stringify(activity.details),
  activity.purpose,
];
export const JOURNAL_COLUMNS = [
  "time",
  "activity",
  "query",
  "resource_type",
  "resource_id",
  "collection_name",
  "details",
  "purpose",
] as const;

export const recordCells = (event: StoredEvent, roles: readonly string[]): (string | number | undefined)[] => [
  event.seq,
  event.time,
  event.type,
  event.action,
  event.outcome,
  roles.join(" "),
  event.actor?.id ?? event.actor?.kind,
  event.actor?.ip,
  event.request?.route,
  event.resource === undefined ? undefined : [event.resource.type, event.resource.id].filter((part) => part !== undefined).join(" "),
  event.purpose,
  event.reason,
  event.data === undefined ? undefined : JSON.stringify(event.data),
  event.state,
];
export const RECORD_COLUMNS = [
  "entry",
  "time",
  "type",
  "action",
  "outcome",
  "your_role",
  "who",
  "address",
  "endpoint",
  "resource",
  "purpose",
  "reason",
  "details",
  "state",
] as const;

export const CONSENT_COLUMNS = [
  "decided",
  "purpose",
  "version",
  "state",
  "ended",
  "valid_until",
  "method",
  "act",
  "by",
  "notice",
  "notice_sha256",
  "entry",
] as const;
export const consentCells = (record: ConsentRecord): (string | number | undefined)[] => [
  record.decidedAt,
  record.purpose,
  record.version,
  record.state,
  record.endedAt,
  record.validUntil,
  record.method,
  record.act,
  record.by,
  `${record.notice} ${record.noticeVersion} (${record.language})`,
  record.noticeSha256,
  record.seq,
];

export interface OverviewOptions {
  readonly person: string;
  readonly made: string;
  readonly log: string;
  readonly information: PrivacyInformation;
  readonly consents: readonly ConsentRecord[];
  readonly requests: readonly DataRequest[];
  readonly counts: { readonly journal: number; readonly records: number; readonly accesses: number };
  readonly pages: readonly PackagedFile[];
  readonly places: readonly { readonly place: string; readonly searched: boolean; readonly found?: number; readonly note?: string }[];
}

/** The page a person opens first. */
export function overviewPage(options: OverviewOptions): string {
  const { person, made, log, information, consents, requests, counts, pages, places } = options;
  const { controller } = information;
  return [
    head("Your data"),
    `<p>Made on ${escaped(made)} for ${escaped(person)}, from the audit trail ${escaped(log)}. Times are UTC.</p>\n`,
    "<h2>What is in this folder</h2>\n",
    listOf([
      `${counts.journal} entries of your journal`,
      `${counts.records} records of the audit trail that are about you, ${counts.accesses} of them about acts of other people`,
      `${consents.length} consents or refusals, ${requests.length} requests`,
    ]),
    "<ul>\n",
    ...pages.map(({ path, rows }) => `<li><a href="${escaped(path)}">${escaped(path)}</a>${rows === undefined ? "" : ` (${rows})`}</li>\n`),
    "<li>export.json: everything, for a machine; export.schema.json describes it</li>\n",
    "<li>portability.json and portability.csv: what you can take to another service (Art. 20)</li>\n",
    "<li>manifest.json: the size and SHA-256 of every file</li>\n</ul>\n",
    "<p>Other people appear as “person 1”, “person 2”: their names are not part of your data (Art. 15(4)). Each record lists the fields that were left out.</p>\n",
    "<h2>Who is responsible</h2>\n",
    `<p>${escaped("address" in controller ? `${controller.name}, ${controller.address}. Contact: ${controller.contact}.` : controller.name)}` +
      `${"dpo" in controller && controller.dpo !== undefined ? ` Data protection officer: ${escaped(controller.dpo)}.` : ""}</p>\n`,
    "<h2>What is kept, why and for how long</h2>\n",
    table("Purposes, categories and periods (Art. 15(1)(a), (b) and (d))", ["Category", "What", "Why", "Basis", "Kept"]),
    ...information.categories.map(({ category, what, why, lawfulBasis, kept }) => row([category, what, why, `Art. ${lawfulBasis}`, kept])),
    "</tbody></table>\n<h2>Who receives it (Art. 15(1)(c))</h2>\n",
    information.recipients.length === 0
      ? "<p>No party outside the service itself.</p>\n"
      : listOf(
          information.recipients.map(
            ({ name, purpose, erasure, expiresAfterDays }) =>
              `${name}${purpose === undefined ? "" : `, for ${purpose}`}: ${WHAT_HAPPENS[erasure]}${expiresAfterDays === undefined ? "" : ` after ${expiresAfterDays} days`}`,
          ),
        ),
    "<h2>Your rights (Art. 15(1)(e))</h2>\n<p>You have the right</p>\n",
    listOf(information.rights),
    information.rightsAt === undefined ? "" : `<p>Use them at ${escaped(information.rightsAt)}.</p>\n`,
    `<p>You can complain to ${escaped(information.complaint)} (Art. 15(1)(f)).</p>\n`,
    "<h2>Where it comes from (Art. 15(1)(g))</h2>\n",
    `<p>${escaped(information.source)}</p>\n<h2>Automated decisions (Art. 15(1)(h))</h2>\n<p>${escaped(information.automatedDecisions)}</p>\n`,
    "<h2>Transfers to other countries (Art. 15(2))</h2>\n",
    information.transfers.length === 0 ? "<p>None.</p>\n" : listOf(information.transfers),
    `<h2>Consents</h2>\n${table("What you agreed to or refused", CONSENT_COLUMNS)}`,
    ...consents.map((record) => row(consentCells(record))),
    "</tbody></table>\n<h2>Places that were searched</h2>\n",
    listOf(
      places.map(
        ({ place, searched, found, note }) =>
          `${place}: ${searched ? `searched${found === undefined ? "" : `, ${found} found`}` : "cannot be searched"}${note === undefined ? "" : ` (${note})`}`,
      ),
    ),
    FOOT,
  ].join("");
}

const WHAT_HAPPENS = { erase: "erased when you are", expire: "expires", none: "not erased on request" } as const;

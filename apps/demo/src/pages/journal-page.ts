import type { JournalEntry } from "@daybook/core/store";
import { formToken } from "./form-token.ts";
import { type Fragment, html } from "./html.ts";
import { layout } from "./layout.ts";
import type { PageContext } from "./page-context.ts";

/**
 * An access by another person to data about the reader. The person is shown as a role only, because a name would be
 * their personal data.
 */
export interface Access {
  /** ISO time. */
  readonly time: string;
  readonly who: string;
  readonly what: string;
  readonly purpose: string;
}

export interface JournalPage extends PageContext {
  readonly agreed: boolean;
  readonly entries: readonly JournalEntry[];
  readonly total: number;
  /** Address of the older entries. Default: there are none. */
  readonly olderHref?: string;
  readonly accesses: readonly Access[];
  readonly message?: string;
}

const time = (iso: string) => html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)}</time>`;

const what = ({ activity, query, resourceType, resourceId, details }: JournalEntry): Fragment => {
  if (activity === "search") return html`Searched for “${query ?? ""}”`;
  if (activity === "read" && resourceType === "section") {
    const [title, heading] = [details?.title ?? "a book", details?.heading ?? "a section"].map(String);
    return html`Read <a href="/books/${resourceId ?? ""}">${title}</a>${heading === title ? "" : `, ${heading}`}`;
  }
  return html`${activity} ${query ?? ""}`;
};

const table = (caption: string, columns: readonly string[], rows: readonly (readonly Fragment[])[]): Fragment =>
  html`<div class="wide" role="region" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;

const entries = (page: JournalPage): Fragment => {
  if (page.total === 0) {
    return page.agreed
      ? html`<p class="note">Your journal is empty. Your next search or section appears here.</p>`
      : html`<p class="note">No journal is kept for you. If you want one, ask for it in the <a href="/settings">settings</a>.</p>`;
  }
  return html`${table(
    `${page.total === 1 ? "1 entry" : `${page.total} entries, newest first`}; times are UTC`,
    ["Time", "What"],
    page.entries.map((entry) => [time(entry.time), what(entry)]),
  )}
${page.olderHref !== undefined && html`<nav class="pager" aria-label="Pages of the journal"><a rel="next" href="${page.olderHref}">Older entries</a></nav>`}
<h2>Take it with you</h2>
<p><a href="/journal/export.json" download>Download as JSON</a> or <a href="/journal/export.csv" download>as CSV</a>.</p>
<h2>Delete it</h2>
<form method="post" action="/journal/delete">
${formToken(page)}
<p>${page.total === 1 ? "The entry goes" : `All ${page.total} entries go`}, at once and for good. New ones are written as long as you agree in the <a href="/settings">settings</a>.</p>
<p><button>Delete all entries</button></p>
</form>`;
};

/** The reader's own journal. Posts to /journal/delete. */
export const journalPage = (page: JournalPage): string =>
  layout({
    ...page,
    title: "My journal",
    current: "/journal",
    content: html`${page.message !== undefined && html`<p class="done" role="status">${page.message}</p>`}
${entries(page)}
<h2>Who looked at my data</h2>
${
  page.accesses.length === 0
    ? html`<p class="note">Only you, as far as the audit trail goes back.</p>`
    : table(
        "Accesses by others to your data, newest first",
        ["Time", "Who", "What", "Why"],
        page.accesses.map((access) => [time(access.time), access.who, access.what, access.purpose]),
      )
}`,
  });

import { type Collection, DEFAULT_COLLECTION } from "../library/collection-list.ts";
import type { Reader } from "../library/reader-list.ts";
import { formToken } from "./form-token.ts";
import { type Fragment, html } from "./html.ts";
import { layout } from "./layout.ts";
import type { PageContext } from "./page-context.ts";

const ADMIN_MENU = html`<nav class="sub" aria-label="Admin"><ul>
<li><a href="/admin/readers">Readers</a></li>
<li><a href="/admin/collections">Collections</a></li>
<li><a href="/admin/audit">Audit trail</a></li>
</ul></nav>`;

const adminPage = (page: PageContext, title: string, content: Fragment): string =>
  layout({ ...page, title, current: "/admin", content: html`${ADMIN_MENU}${content}` });

function table(caption: string, columns: readonly string[], rows: readonly (readonly Fragment[])[], kind = "list"): Fragment {
  if (rows.length === 0) return html`<p class="note">Nothing to show.</p>`;
  return html`<div class="wide" role="region" aria-label="${caption}" tabindex="0"><table class="${kind}">
<caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}

/** Start of the admin pages. */
export const adminStartPage = (page: PageContext): string =>
  adminPage(page, "Admin", html`<p>Readers, collections and what the audit trail holds.</p>`);

export interface ReadersPage extends PageContext {
  readonly readers: readonly Reader[];
}

/** The readers of the library. Removing a reader posts to /admin/readers/{id}/remove. */
export const readersPage = (page: ReadersPage): string =>
  adminPage(
    page,
    "Readers",
    table(
      "Everyone who may use the library",
      ["Id", "Name", "Role", "Remove"],
      page.readers.map(({ id, name, role }) => [
        id,
        name,
        role,
        html`<form method="post" action="/admin/readers/${encodeURIComponent(id)}/remove">${formToken(page)}<button aria-label="Remove ${name}">Remove</button></form>`,
      ]),
    ),
  );

export interface CollectionsPage extends PageContext {
  readonly collections: readonly Collection[];
  /** Why the last change was refused. */
  readonly problem?: string;
}

/** The form posts `name` and `description` to /admin/collections; removing posts to /admin/collections/{slug}/remove. */
export const collectionsPage = (page: CollectionsPage): string =>
  adminPage(
    page,
    "Collections",
    html`${page.problem !== undefined && html`<p class="problem" role="alert">${page.problem}</p>`}
${table(
  "All collections",
  ["Name", "Address", "Books", "Description", "Remove"],
  page.collections.map(({ name, slug, books, description }) => [
    name,
    slug,
    books,
    description,
    slug !== DEFAULT_COLLECTION &&
      html`<form method="post" action="/admin/collections/${encodeURIComponent(slug)}/remove">${formToken(page)}<button aria-label="Remove ${name}">Remove</button></form>`,
  ]),
)}
<h2>New collection</h2>
<form method="post" action="/admin/collections">
${formToken(page)}
<p><label for="name">Name</label><input id="name" name="name" maxlength="100" required></p>
<p><label for="description">Description</label><input id="description" name="description" maxlength="300"></p>
<p><button>Add</button></p>
</form>`,
  );

export interface AuditPage extends PageContext {
  readonly columns: readonly string[];
  /** Cells in the order of the columns. */
  readonly rows: readonly (readonly (string | number)[])[];
  /** A line above the table, such as the result of the last verification. */
  readonly summary?: string;
  /** Address of the older records. Default: there are none. */
  readonly olderHref?: string;
}

/** Records of the audit trail, given as plain cells. */
export const auditPage = (page: AuditPage): string =>
  adminPage(
    page,
    "Audit trail",
    html`${page.summary !== undefined && html`<p role="status">${page.summary}</p>`}
${table("Newest records first", page.columns, page.rows, "log")}
${page.olderHref !== undefined && html`<nav class="pager" aria-label="Pages of records"><a rel="next" href="${page.olderHref}">Older records</a></nav>`}`,
  );

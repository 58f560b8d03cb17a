import type { Collection } from "../library/collection-list.ts";
import type { Answer, Quote } from "../library/search/answer-question.ts";
import type { Passage, SearchResult } from "../library/search/section-search.ts";
import type { SnippetPart } from "../library/search/snippet.ts";
import { type Fragment, html } from "./html.ts";
import { layout } from "./layout.ts";
import type { PageContext } from "./page-context.ts";

export interface SearchPage extends PageContext {
  readonly collections: readonly Collection[];
  /** The query; empty before the first search. */
  readonly query: string;
  /** Slug of the chosen collection. Default all. */
  readonly collection?: string;
  /** Counts from 1. Default 1. */
  readonly pageNumber?: number;
  /** Passages on a full page. Default 10. */
  readonly pageSize?: number;
  /** Default: no search yet. */
  readonly result?: SearchResult;
  /** Default: no answer is shown above the passages. */
  readonly answer?: Answer;
}

const snippet = (parts: readonly SnippetPart[]): Fragment => parts.map(({ text, hit }) => (hit ? html`<mark>${text}</mark>` : text));

const sectionAddress = ({ bookId, position }: { readonly bookId: number; readonly position: number }): string =>
  `/books/${bookId}/sections/${position}`;

const citation = ({ title, author, heading, position }: Quote): string =>
  [title, author, heading, `section ${position}`].filter((part) => part !== "").join(", ");

const quote = (cited: Quote): Fragment => html`<figure>
<blockquote><p>${cited.text}</p></blockquote>
<figcaption><a href="${sectionAddress(cited)}">${citation(cited)}</a></figcaption>
</figure>`;

const answerPart = ({ quotes, text, modelFailure }: Answer): Fragment =>
  quotes.length > 0 &&
  html`<section class="answer" aria-labelledby="answer">
<h2 id="answer">From the shelf</h2>
${text !== undefined && html`<p class="model">${text}</p>`}
${modelFailure !== undefined && html`<p class="note">The configured model gave no answer (${modelFailure}). These are the passages themselves.</p>`}
${quotes.map(quote)}
</section>`;

const passage = (found: Passage): Fragment => html`<li>
<h3><a href="${sectionAddress(found)}">${found.title}</a></h3>
<p class="meta">${[found.author, found.heading, `section ${found.position}`].filter((part) => part !== "").join(" · ")}</p>
<p>${snippet(found.snippet)}</p>
</li>`;

function pageAddress({ query, collection }: SearchPage, pageNumber: number): string {
  const address = new URLSearchParams({ q: query });
  if (collection !== undefined) address.set("collection", collection);
  if (pageNumber > 1) address.set("page", String(pageNumber));
  return `/?${address}`;
}

function passages(page: SearchPage, { passages: found, more }: SearchResult): Fragment {
  const pageNumber = page.pageNumber ?? 1;
  if (found.length === 0) return html`<p role="status">Nothing in the library fits. Try fewer or other words.</p>`;
  return html`<section aria-labelledby="passages">
<h2 id="passages">Passages</h2>
<ol class="passages" start="${(pageNumber - 1) * (page.pageSize ?? 10) + 1}">${found.map(passage)}</ol>
${
  (pageNumber > 1 || more) &&
  html`<nav class="pager" aria-label="Pages of results">
${pageNumber > 1 && html`<a rel="prev" href="${pageAddress(page, pageNumber - 1)}">Previous page</a>`}
${more && html`<a rel="next" href="${pageAddress(page, pageNumber + 1)}">Next page</a>`}
</nav>`
}
</section>`;
}

/** The form and, after a query, the passages. Expects `q`, `collection` and `page` in the query string. */
export const searchPage = (page: SearchPage): string =>
  layout({
    ...page,
    title: page.query === "" ? "Search the library" : `Search: ${page.query}`,
    current: "/",
    content: html`<form class="search" role="search" method="get" action="/">
<p><label for="q">Your question or a few words</label>
<input id="q" name="q" type="search" value="${page.query}" maxlength="500" required></p>
<p><label for="collection">Collection</label>
<select id="collection" name="collection"><option value="">All collections</option>${page.collections.map(
      ({ slug, name }) => html`<option value="${slug}"${slug === page.collection && html` selected`}>${name}</option>`,
    )}</select></p>
<p><button>Search</button></p>
</form>
${page.answer && answerPart(page.answer)}
${page.result && passages(page, page.result)}`,
  });

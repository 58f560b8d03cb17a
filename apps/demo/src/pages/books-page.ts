import type { Book } from "../library/book-shelf.ts";
import type { Collection } from "../library/collection-list.ts";
import { type Fragment, html } from "./html.ts";
import { layout } from "./layout.ts";
import type { PageContext } from "./page-context.ts";

export interface BooksPage extends PageContext {
  readonly collections: readonly Collection[];
  readonly books: readonly Book[];
}

const entry = (book: Book): Fragment =>
  html`<li><a href="/books/${book.id}">${book.title}</a> <span class="meta">${book.author !== "" && `${book.author} · `}${book.sections} sections</span></li>`;

/** All books under their collections. */
export const booksPage = (page: BooksPage): string =>
  layout({
    ...page,
    title: "Books",
    current: "/books",
    content: page.collections.map(({ slug, name, description }) => {
      const books = page.books.filter((book) => book.collection === slug);
      return html`<section>
<h2>${name}</h2>
${description !== "" && html`<p>${description}</p>`}
${books.length === 0 ? html`<p class="note">No books yet.</p>` : html`<ul class="books">${books.map(entry)}</ul>`}
</section>`;
    }),
  });

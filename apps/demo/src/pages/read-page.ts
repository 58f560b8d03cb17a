import type { Book, Section, SectionSummary } from "../library/book-shelf.ts";
import { type Fragment, html } from "./html.ts";
import { layout } from "./layout.ts";
import type { PageContext } from "./page-context.ts";

const by = ({ author }: Book): Fragment => author !== "" && html`<p class="meta">${author}</p>`;
const paragraphs = (text: string): Fragment => text.split("\n\n").map((paragraph) => html`<p>${paragraph}</p>`);

export interface BookPage extends PageContext {
  readonly book: Book;
  readonly contents: readonly SectionSummary[];
}

/** Table of contents of one book. */
export const bookPage = (page: BookPage): string =>
  layout({
    ...page,
    title: page.book.title,
    current: "/books",
    content: html`${by(page.book)}
<h2>Contents</h2>
<ol class="contents">${page.contents.map(
      ({ position, heading, words }) =>
        html`<li><a href="/books/${page.book.id}/sections/${position}">${heading === "" ? `Section ${position}` : heading}</a> <span class="meta">${words} words</span></li>`,
    )}</ol>
${page.book.hasNotice === 1 && html`<p><a href="/books/${page.book.id}/notice">Header and licence of this file</a></p>`}`,
  });

export interface ReadPage extends PageContext {
  readonly book: Book;
  readonly section: Section;
}

/** One section with links to the previous and the next one. */
export function readPage(page: ReadPage): string {
  const { book, section } = page;
  const address = (position: number): string => `/books/${book.id}/sections/${position}`;
  return layout({
    ...page,
    title: book.title,
    current: "/books",
    content: html`${by(book)}
<article class="text" aria-labelledby="section">
<h2 id="section">${section.heading === "" ? `Section ${section.position}` : section.heading}</h2>
${paragraphs(section.body)}
</article>
<nav class="pager" aria-label="Sections">
${section.position > 1 && html`<a rel="prev" href="${address(section.position - 1)}">Previous section</a>`}
<a href="/books/${book.id}">Contents</a>
${section.position < book.sections && html`<a rel="next" href="${address(section.position + 1)}">Next section</a>`}
</nav>
<p class="meta">Section ${section.position} of ${book.sections}</p>`,
  });
}

export interface NoticePage extends PageContext {
  readonly book: Book;
  readonly notice: string;
}

/** Header and licence of a file as published. */
export const noticePage = (page: NoticePage): string =>
  layout({
    ...page,
    title: `${page.book.title}: header and licence`,
    current: "/books",
    content: html`<div class="text">${paragraphs(page.notice)}</div>
<p><a href="/books/${page.book.id}">Back to the book</a></p>`,
  });

import type { Book } from "../library/book-shelf.ts";
import { type Collection, DEFAULT_COLLECTION } from "../library/collection-list.ts";
import type { UploadAllowance } from "../library/upload-quota.ts";
import { formToken } from "./form-token.ts";
import { html } from "./html.ts";
import { layout } from "./layout.ts";
import type { PageContext } from "./page-context.ts";

export interface UploadPage extends PageContext {
  readonly collections: readonly Collection[];
  /** Default: no limit is shown, as for librarians. */
  readonly allowance?: UploadAllowance;
  /** The sent values, so that the reader need not type them again. */
  readonly form?: { readonly title: string; readonly text: string; readonly collection: string };
  /** Why the last upload was refused. */
  readonly problem?: string;
  /** The book from the last upload. */
  readonly uploaded?: Book;
}

/** The form posts `title`, `collection`, `format` ("text" or "markdown") and `text`, form-encoded, to /upload. */
export const uploadPage = (page: UploadPage): string => {
  const { collections, allowance, form, problem, uploaded } = page;
  const chosen = form?.collection ?? uploaded?.collection ?? DEFAULT_COLLECTION;
  return layout({
    ...page,
    title: "Upload a text",
    current: "/upload",
    content: html`${uploaded && html`<p class="done" role="status">On the shelf: <a href="/books/${uploaded.id}">${uploaded.title}</a>, ${uploaded.sections} sections.</p>`}
${problem !== undefined && html`<p class="problem" role="alert" id="problem">The text was not stored: ${problem}</p>`}
${allowance && html`<p>You may upload ${allowance.uploadsLeft} more texts, ${Math.floor(allowance.bytesLeft / 1024)} KiB together, until the limit starts anew.</p>`}
<form method="post" action="/upload">
${formToken(page)}
<p><label for="title">Title</label>
<input id="title" name="title" value="${form?.title ?? ""}" maxlength="300" required></p>
<p><label for="collection">Collection</label>
<select id="collection" name="collection">${collections.map(
      ({ slug, name }) => html`<option value="${slug}"${slug === chosen && html` selected`}>${name}</option>`,
    )}</select></p>
<p><label for="format">Format</label>
<select id="format" name="format"><option value="text">Plain text</option><option value="markdown">Markdown</option></select></p>
<p><label for="text">Text</label>
<textarea id="text" name="text" rows="14" required${problem !== undefined && html` aria-describedby="problem"`}>
${form?.text ?? ""}</textarea></p>
<p><button>Upload</button></p>
</form>`,
  });
};

import { type Fragment, html } from "./html.ts";
import { layout } from "./layout.ts";
import type { PageContext } from "./page-context.ts";

const errorPage = (page: PageContext, title: string, content: Fragment): string =>
  layout({ ...page, title, content: html`${content}<p><a href="/">Back to the search</a></p>` });

export const forbiddenPage = (page: PageContext): string =>
  errorPage(page, "Not allowed", html`<p>This part of the library is not open to you. The attempt was recorded.</p>`);

export const notFoundPage = (page: PageContext): string =>
  errorPage(page, "Not found", html`<p>There is nothing at this address. The book may have been taken off the shelf.</p>`);

export interface TooManyRequestsPage extends PageContext {
  /** Seconds until another try may succeed; equals the header `Retry-After`. */
  readonly retryAfterSeconds: number;
}

export const tooManyRequestsPage = (page: TooManyRequestsPage): string =>
  errorPage(
    page,
    "Limit reached",
    html`<p>You have used up what you may upload for now. Try again in about ${Math.max(1, Math.ceil(page.retryAfterSeconds / 60))} minutes.</p>`,
  );

export interface ServerErrorPage extends PageContext {
  /** Helps an operator to find the failure and says nothing else about it. Default: not shown. */
  readonly requestId?: string;
}

export const serverErrorPage = (page: ServerErrorPage): string =>
  errorPage(
    page,
    "Something went wrong",
    html`<p>The library could not finish this. Nothing you did is lost on your side; please try again.</p>
${page.requestId !== undefined && html`<p class="meta">Number of this request: ${page.requestId}</p>`}`,
  );

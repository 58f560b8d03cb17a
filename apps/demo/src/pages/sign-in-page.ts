import { formToken } from "./form-token.ts";
import { html } from "./html.ts";
import { layout } from "./layout.ts";
import type { PageContext } from "./page-context.ts";

export interface SignInPage extends PageContext {
  /** The last token was not accepted. Default false. */
  readonly refused?: boolean;
}

/** The form posts `token` to /sign-in. */
export const signInPage = (page: SignInPage): string =>
  layout({
    ...page,
    title: "Sign in",
    content: html`${page.refused === true && html`<p class="problem" role="alert" id="problem">No reader has this token.</p>`}
<form method="post" action="/sign-in">
${formToken(page)}
<p><label for="token">Your token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required${page.refused === true && html` aria-describedby="problem"`}></p>
<p><button>Sign in</button></p>
</form>
<p>The library prints the tokens of its readers when it starts.</p>`,
  });

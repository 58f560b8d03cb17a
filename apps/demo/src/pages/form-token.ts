import { type Fragment, html } from "./html.ts";
import type { PageContext } from "./page-context.ts";

export const formToken = ({ formToken: token }: PageContext): Fragment =>
  token !== undefined && html`<input type="hidden" name="form_token" value="${token}">`;

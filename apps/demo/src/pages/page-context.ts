import type { Role } from "../library/reader-list.ts";

/** What every page knows about the request. */
export interface PageContext {
  /** Default: nobody is signed in. */
  readonly reader?: { readonly id: string; readonly name: string; readonly role: Role };
  /** Sent back by every form of the page in the field `form_token`. Default: no such field. */
  readonly formToken?: string;
}

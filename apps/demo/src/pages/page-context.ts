import type { Role } from "../library/reader-list.ts";

/** Data about the request that every page gets. */
export interface PageContext {
  /** Default: no reader is signed in. */
  readonly reader?: { readonly id: string; readonly name: string; readonly role: Role };
  /** Sent back by every form of the page in the field `form_token`. Default: no such field. */
  readonly formToken?: string;
}

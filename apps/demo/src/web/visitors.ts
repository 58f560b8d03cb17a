import type { Library } from "../library/library.ts";
import type { Reader } from "../library/reader-list.ts";
import type { Session, Sessions } from "./sessions.ts";

/** The person who makes a request. */
export interface Visitor {
  readonly session: Session | undefined;
  readonly reader: Reader | undefined;
}

/** The part of a request with the cookies, the same under both frameworks. */
interface WithCookies {
  readonly headers: { readonly cookie?: string | undefined };
}

/**
 * Identifies the reader of a request at the first call, so that the first record of a request has the reader too.
 * Later calls for the request return the same visitor.
 */
export function visitors(sessions: Sessions, library: Library): (request: WithCookies) => Visitor {
  const known = new WeakMap<WithCookies, Visitor>();
  return (request) => {
    let visitor = known.get(request);
    if (visitor === undefined) {
      const session = sessions.find(request.headers.cookie);
      visitor = { session, reader: session && library.reader(session.readerId) };
      known.set(request, visitor);
    }
    return visitor;
  };
}

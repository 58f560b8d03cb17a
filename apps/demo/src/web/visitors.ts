import type { Library } from "../library/library.ts";
import type { Reader } from "../library/reader-list.ts";
import type { Session, Sessions } from "./sessions.ts";

/** Who makes a request. */
export interface Visitor {
  readonly session: Session | undefined;
  readonly reader: Reader | undefined;
}

/** The part of a request that tells, the same under both frameworks. */
interface WithCookies {
  readonly headers: { readonly cookie?: string | undefined };
}

/**
 * Finds out who makes a request when it is first asked, so that the very first record of a request knows the reader as well, and
 * keeps to that answer until the request is done.
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

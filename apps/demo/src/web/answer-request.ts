import type { AuditLog } from "@daybook/core";
import type { Role } from "../library/reader-list.ts";
import { forbiddenPage } from "../pages/error-pages.ts";
import { signInPage } from "../pages/sign-in-page.ts";
import { pageContext } from "./page-context-of.ts";
import type { Route, WebRequest, WebResponse } from "./route.ts";
import { mayPost } from "./sessions.ts";

const RANK: Readonly<Record<Role, number>> = { reader: 0, librarian: 1, admin: 2 };

/** Checks the reader's role, then calls the route. */
export function handleRequest(route: Route, request: WebRequest, audit: AuditLog): WebResponse | Promise<WebResponse> {
  const { reader, session } = request;
  if (route.role !== undefined && (reader === undefined || RANK[reader.role] < RANK[route.role])) {
    audit.deny({
      resource: { type: "page", id: route.path },
      reason: reader === undefined ? "not_signed_in" : "role_missing",
      policy: "pages-by-role",
      permissionsHeld: reader === undefined ? [] : [reader.role],
      permissionsRequired: [route.role],
    });
    if (reader === undefined) return { status: 401, body: signInPage(pageContext(request)) };
    return { status: 403, body: forbiddenPage(pageContext(request)) };
  }
  if (route.method === "POST" && session !== undefined && !mayPost(session, request.form)) {
    audit.deny({ reason: "form_token", policy: "same-site-forms" });
    return { status: 403, body: forbiddenPage(pageContext(request)) };
  }
  return route.handle(request);
}

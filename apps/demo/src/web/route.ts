import type { RouteLevel } from "@daybook/core";
import type { Reader, Role } from "../library/reader-list.ts";
import type { Session } from "./sessions.ts";

/** A request as the routes see it, the same under both frameworks. */
export interface WebRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly form: URLSearchParams;
  readonly session: Session | undefined;
  readonly reader: Reader | undefined;
}

export interface WebResponse {
  /** Default 200, or 303 with `location`. */
  readonly status?: number;
  readonly body?: string;
  /** Default `text/html; charset=utf-8`. */
  readonly type?: string;
  readonly location?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: "GET" | "POST";
  /** Segments with `:name`, as both frameworks write them. */
  readonly path: string;
  /** Least role with access. Default: no role is needed. */
  readonly role?: Role;
  /** How much of it the audit trail records. Default `metadata`. */
  readonly audit?: RouteLevel;
  readonly handle: (request: WebRequest) => WebResponse | Promise<WebResponse>;
}

import { DaybookError } from "../daybook-error.ts";

/**
 * How much of a request is recorded automatically. `none`: nothing. `metadata`: the request, denials and errors. `always`: also a durable
 * record before the handler runs. If it cannot be stored, the response is 503 and the handler never runs.
 */
export type RouteLevel = "none" | "metadata" | "always";

/** The level of requests whose path and method match. */
export interface RouteRule {
  /**
   * Path of the URL, ignoring case: literal segments, `:name` for any one segment, a final `*` for any rest. `/assets/*` also matches
   * `/assets`.
   */
  readonly path: string;
  /** Default: every method. `GET` includes `HEAD`, which runs the same handler. */
  readonly method?: string | readonly string[];
  readonly level: RouteLevel;
}

/** All route levels. */
export const ROUTE_LEVELS: readonly RouteLevel[] = ["none", "metadata", "always"];

/**
 * Compiles a policy list. The first rule that matches decides; undefined if none matches.
 * @throws {DaybookError} `BAD_OPTION` naming the rule
 */
export function routePolicy(rules: readonly RouteRule[]): (method: string, path: string) => RouteLevel | undefined {
  const compiled = rules.map((rule) => {
    if (!ROUTE_LEVELS.includes(rule.level))
      throw new DaybookError("BAD_OPTION", `The level of ${rule.path} is one of ${ROUTE_LEVELS.join(", ")}.`);
    if (typeof rule.path !== "string" || !rule.path.startsWith("/"))
      throw new DaybookError("BAD_OPTION", `The path of a policy rule starts with /: ${String(rule.path)}`);
    const methods = rule.method === undefined ? undefined : new Set([rule.method].flat().map((method) => method.toUpperCase()));
    if (methods?.has("GET")) methods.add("HEAD");
    return { pattern: patternOf(rule.path), methods, level: rule.level };
  });
  return (method, path) => {
    for (const rule of compiled) {
      if ((rule.methods === undefined || rule.methods.has(method)) && rule.pattern.test(path)) return rule.level;
    }
    return undefined;
  };
}

function patternOf(path: string): RegExp {
  const rest = path.endsWith("/*");
  const segments = (rest ? path.slice(0, -2) : path)
    .split("/")
    .map((segment) => (segment.startsWith(":") ? "[^/]+" : segment.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  // Routers ignore case by default: a rule that respects it could be evaded with a capital letter.
  return new RegExp(`^${segments.join("/")}${rest ? "(?:/.*)?" : "/?"}$`, "i");
}

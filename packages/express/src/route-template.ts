import type { Request } from "express";

/**
 * Remembers where a request was routed. Express sets `req.baseUrl` and `req.route` only while the route runs: after an error has left a
 * mounted router, `baseUrl` is empty again. A mount path with parameters appears in it with the values of the request. So both are
 * accessors, on the prototype of the application's requests, which note each change.
 */
interface Routed {
  baseUrl?: string | undefined;
  route?: { readonly path: unknown } | undefined;
  params?: Readonly<Record<string, string | readonly string[]>> | undefined;
  [BASE_URL]?: string | undefined;
  [MOUNT]?: Mount | undefined;
  [ROUTE]?: { readonly path: unknown } | undefined;
  [ROUTE_MOUNT]?: Mount | undefined;
}

/** One level of mounted routers: `/users/7` is the base URL, `/users/:id` the template. */
interface Mount {
  readonly baseUrl: string;
  readonly template: string;
  readonly outer: Mount | undefined;
}

// Two copies of this package that meet on one request keep the same state.
const BASE_URL = Symbol.for("daybook.express.base-url.v1");
const MOUNT = Symbol.for("daybook.express.mount.v1");
const ROUTE = Symbol.for("daybook.express.route.v1");
const ROUTE_MOUNT = Symbol.for("daybook.express.route-mount.v1");

const TOP: Mount = { baseUrl: "", template: "", outer: undefined };

/** Stands for a mount whose template is unknown: its path may hold values of the request. */
const SOMEWHERE = "/(mounted)";

/** `/users/:id/books/:book`, undefined if no route has matched. */
export function routeTemplateOf(request: Request): string | undefined {
  const routed = request as unknown as Routed;
  const route = routed[ROUTE];
  if (route === undefined) return undefined;
  const mount = (routed[ROUTE_MOUNT] ?? TOP).template;
  const path = pathOf(routed, route.path);
  return mount !== "" && path === "/" ? mount : mount + path;
}

/** Adds the accessors to a prototype: the routes of all its requests are remembered from then on. */
export function addRouteAccessors(prototype: object): void {
  Object.defineProperties(prototype, {
    baseUrl: {
      configurable: true,
      enumerable: true,
      get(this: Routed) {
        return this[BASE_URL];
      },
      set(this: Routed, baseUrl: string | undefined) {
        this[BASE_URL] = baseUrl;
        const mount = this[MOUNT] ?? TOP;
        if (baseUrl !== mount.baseUrl) this[MOUNT] = mountAt(this, mount, baseUrl ?? "");
      },
    },
    route: {
      configurable: true,
      enumerable: true,
      get(this: Routed) {
        return this[ROUTE];
      },
      set(this: Routed, route: Routed["route"]) {
        this[ROUTE] = route;
        this[ROUTE_MOUNT] = this[MOUNT];
      },
    },
  });
}

/** Takes over the route of the first request of an application, which was routed before its prototype had the accessors. */
export function adoptRoute(request: Request): void {
  if (!Object.hasOwn(request, "baseUrl")) return;
  const routed = request as unknown as Routed;
  const { baseUrl, route } = routed;
  delete routed.baseUrl;
  routed[BASE_URL] = baseUrl;
  if (baseUrl) {
    const pattern = matchedPattern(routed);
    const template = pattern !== undefined && fits(pattern, baseUrl) ? templateOf(pattern) : SOMEWHERE;
    routed[MOUNT] = { baseUrl, template, outer: TOP };
  }
  if (!Object.hasOwn(routed, "route")) return;
  delete routed.route;
  routed.route = route;
}

function mountAt(routed: Routed, from: Mount, baseUrl: string): Mount {
  let outer = from;
  while (outer.outer !== undefined && !isBelow(baseUrl, outer.baseUrl)) outer = outer.outer;
  if (outer.baseUrl === baseUrl) return outer;
  return { baseUrl, template: outer.template + mountTemplate(routed, baseUrl.slice(outer.baseUrl.length)), outer };
}

const isBelow = (url: string, mount: string) => url.startsWith(mount) && (url.length === mount.length || url[mount.length] === "/");

/** Returns the pattern if the router reports it (2.3 and later), otherwise the path with its parameter values replaced. */
function mountTemplate(routed: Routed, path: string): string {
  const pattern = matchedPattern(routed);
  if (pattern === undefined || !fits(pattern, path)) return withoutValues(path, routed.params ?? {});
  return templateOf(pattern);
}

const templateOf = (pattern: unknown) =>
  String(pattern)
    .replace(/^(?!\/)/, "/")
    .replace(/\/$/, "");

/** Returns false for a pattern of an outer router. An inner router that is too old reports none of its own. */
function fits(pattern: unknown, path: string): boolean {
  if (typeof pattern !== "string" || /[*{\\]/.test(pattern)) return true;
  const names = pattern.replace(/\/$/, "").split("/");
  const segments = path.split("/");
  const same = (name: string, segment: string) => name.includes(":") || name.toLowerCase() === decoded(segment).toLowerCase();
  return names.length === segments.length && names.every((name, i) => same(name, segments[i]!));
}

function pathOf(routed: Routed, path: unknown): string {
  if (!Array.isArray(path)) return String(path);
  const paths = path.flat(Number.POSITIVE_INFINITY);
  const pattern = matchedPattern(routed);
  return paths.includes(pattern) ? String(pattern) : paths.join("|");
}

let patternKey: symbol | undefined;

/** Returns the pattern matched last, which the router keeps under a symbol of its own. */
function matchedPattern(routed: object): unknown {
  if (patternKey === undefined || !(patternKey in routed)) {
    patternKey = Object.getOwnPropertySymbols(routed).find((symbol) => symbol.description === "router.tracing.matchedRoute") ?? patternKey;
  }
  return patternKey === undefined ? undefined : (routed as Record<symbol, unknown>)[patternKey];
}

/** Replaces each value by the name of its parameter: in the last segment equal to it, otherwise in the last that contains it. */
function withoutValues(path: string, params: NonNullable<Routed["params"]>): string {
  const segments = path.split("/");
  const open = segments.map(decoded);
  for (const [name, value] of Object.entries(params).reverse()) {
    for (const text of [value].flat().reverse()) {
      if (text === "") continue;
      const whole = open.lastIndexOf(text);
      const at = whole >= 0 ? whole : open.findLastIndex((segment) => segment.includes(text));
      if (at < 0) continue;
      segments[at] = open[at]!.replace(text, () => `:${name}`);
      open[at] = whole >= 0 ? "" : segments[at]!;
    }
  }
  return segments.join("/");
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Express responds 400 to a parameter that cannot be decoded, so this segment is not one.
    return segment;
  }
}

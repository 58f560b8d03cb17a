import { STATUS_CODES } from "node:http";
import { DaybookError } from "@daybook/core";
import { type HttpObservation, UNMATCHED } from "@daybook/core/http";
import { Counter, Histogram, type Registry, type RegistryContentType } from "prom-client";
import type { SeriesBudget } from "./series-budget.ts";

export interface HttpInstrumentsOptions {
  readonly registry: Registry<RegistryContentType>;
  readonly budget: SeriesBudget;
  readonly buckets: readonly number[];
  readonly routes: readonly string[];
  readonly exemplars: boolean;
  /** Told about every observation that found no room for a series of its own. */
  readonly folded: (metric: string) => void;
}

type Code = number | "aborted";

/** The series of one route and method. The label objects are made once. */
interface RouteSeries {
  readonly labels: { readonly route: string; readonly method: string };
  readonly codes: Map<Code, CodeLabels>;
}

interface CodeLabels {
  readonly route: string;
  readonly method: string;
  readonly code: string;
}

/** Label of the routes that come after the last free series. */
export const OTHER_ROUTE = "(other)";

const REQUESTS = "daybook_http_requests_total";
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER"];
const KNOWN_METHODS = new Set(METHODS);
/** Statuses that most routes return. The series of other statuses start with their first response. */
const USUAL_CODES: readonly Code[] = [200, 201, 204, 302, 304, 400, 401, 403, 404, 405, 429, 500, 502, 503, 504, "aborted"];
/** The codes of `(other)`: one for each class. */
const CLASS_CODES: readonly Code[] = [100, 200, 300, 400, 500, "aborted"];

const UNRECORDED = "daybook_http_unrecorded_requests_total";

/** Requests and their durations by route template and method. */
export class HttpInstruments {
  readonly #duration: Histogram<"route" | "method">;
  readonly #requests: Counter<"route" | "method" | "code">;
  readonly #unrecorded: Counter;
  readonly #series = new Map<string, RouteSeries>();
  readonly #other: RouteSeries;
  readonly #options: HttpInstrumentsOptions;

  /** @throws {DaybookError} `BAD_OPTION` for a malformed route */
  constructor(options: HttpInstrumentsOptions) {
    this.#options = options;
    const registers = [options.registry as Registry];
    this.#duration = new Histogram({
      name: "daybook_http_request_duration_seconds",
      help: "Time from the first byte read to the end of the response, without the time for which the response was held for the trail.",
      labelNames: ["route", "method"],
      buckets: [...options.buckets],
      enableExemplars: options.exemplars,
      registers,
    });
    this.#requests = new Counter({
      name: REQUESTS,
      help: "Requests by route template, method and status; code aborted where the client left first.",
      labelNames: ["route", "method", "code"],
      registers,
    });
    this.#unrecorded = new Counter({
      name: UNRECORDED,
      help: "Requests to routes of level none, which leave no record in the trail.",
      registers,
    });
    this.#other = this.#add(OTHER_ROUTE, "OTHER", CLASS_CODES)!;
    for (const method of METHODS) this.#add(UNMATCHED, method, USUAL_CODES);
    for (const text of options.routes) {
      const [, method, route] = /^([A-Z]+) (\/\S*)$/.exec(text) ?? [];
      if (method === undefined || route === undefined || !KNOWN_METHODS.has(method)) {
        throw new DaybookError("BAD_OPTION", `\`routes\` lists entries such as "GET /books/:id"; ${JSON.stringify(text)} is none.`);
      }
      if (this.#add(route, method, USUAL_CODES) === undefined) {
        throw new DaybookError("BAD_OPTION", `\`routes\` needs more series than \`maxSeries\` allows; the first without room is ${text}.`);
      }
    }
  }

  /** Runs once per request, in the request's own turn. */
  readonly observe = ({ method, route, status, durationMs, outcome, recorded, traceId }: HttpObservation): void => {
    const series = this.#seriesOf(route, KNOWN_METHODS.has(method) ? method : "OTHER");
    this.#requests.inc(this.#codeLabels(series, outcome === "partial" || status === undefined ? "aborted" : status));
    if (!recorded) this.#unrecorded.inc();
    // How long an upgraded connection lived says nothing about latency.
    if (status === 101) return;
    const value = durationMs / 1_000;
    if (!this.#options.exemplars) this.#duration.observe(series.labels, value);
    else this.#duration.observe({ labels: series.labels, value, exemplarLabels: exemplarOf(traceId) });
  };

  #seriesOf(route: string, method: string): RouteSeries {
    return this.#series.get(`${method} ${route}`) ?? this.#add(route, method, USUAL_CODES) ?? this.#fold();
  }

  #codeLabels(series: RouteSeries, given: Code): CodeLabels {
    const code = series === this.#other ? classOf(given) : known(given);
    let labels = series.codes.get(code);
    if (labels === undefined) {
      if (!this.#options.budget.take(1)) return this.#codeLabels(this.#fold(), code);
      labels = { ...series.labels, code: String(code) };
      series.codes.set(code, labels);
    }
    return labels;
  }

  #fold(): RouteSeries {
    this.#options.folded(REQUESTS);
    return this.#other;
  }

  /** All label sets begin at 0: the increase of a counter that is born at 1 is nothing, and the first failure would go unseen. */
  #add(route: string, method: string, codes: readonly Code[]): RouteSeries | undefined {
    // Each bucket, +Inf, the sum and the count.
    if (!this.#options.budget.take(codes.length + this.#options.buckets.length + 3)) return undefined;
    const labels = { route, method };
    const series: RouteSeries = { labels, codes: new Map(codes.map((code) => [code, { ...labels, code: String(code) }])) };
    this.#duration.zero(labels);
    for (const each of series.codes.values()) this.#requests.inc(each, 0);
    this.#series.set(`${method} ${route}`, series);
    return series;
  }
}

/** An unregistered status counts as the first of its class (RFC 9110, section 15). */
const known = (code: Code): Code => (code === "aborted" || STATUS_CODES[code] !== undefined ? code : classOf(code));
const classOf = (code: Code): Code => (code === "aborted" ? code : Math.min(5, Math.max(1, Math.floor(code / 100))) * 100);

/** prom-client takes any labels in an exemplar, but is typed for those of the metric. */
const exemplarOf = (traceId: string | undefined) => (traceId === undefined ? {} : { trace_id: traceId }) as Record<never, never>;

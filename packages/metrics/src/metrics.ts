import { DaybookError, type GivenSink } from "@daybook/core";
import type { HttpObservation } from "@daybook/core/http";
import { Counter, collectDefaultMetrics, Registry, type RegistryContentType } from "prom-client";
import type { HealthSource } from "./health/trail-health.ts";
import { ActiveUsers } from "./instruments/active-users.ts";
import {
  type DomainCounter,
  type DomainGauge,
  type DomainHistogram,
  type DomainOptions,
  domainCounter,
  domainGauge,
  domainHistogram,
  type GaugeReader,
  type HistogramInstrument,
  type Instrument,
} from "./instruments/domain-instruments.ts";
import { eventInstruments, type TrailEvents } from "./instruments/event-instruments.ts";
import { HealthInstruments } from "./instruments/health-instruments.ts";
import { HttpInstruments } from "./instruments/http-instruments.ts";
import type { LabelDeclaration } from "./instruments/label-values.ts";
import { type Pipeline, pipelineInstruments } from "./instruments/pipeline-instruments.ts";
import { SeriesBudget } from "./instruments/series-budget.ts";
import { type TopList, type TopListOptions, topList } from "./instruments/top-list.ts";

/** Options of `createMetrics`. */
export interface MetricsOptions {
  /** Registry of the metrics. Default: a new registry, never the global one. */
  readonly registry?: Registry<RegistryContentType>;
  /** Routes whose series are there from the start, at 0, such as `"GET /books/:id"`. Series of other routes start with their first request. Default: none. */
  readonly routes?: readonly string[];
  /** Most series of requests and declared metrics; further label values are counted under `(other)`. Default 10 000. */
  readonly maxSeries?: number;
  /** Upper bounds of durations in seconds. 0.5 is always among them, for the objective of the alerts. Default: from 5 ms to 10 s. */
  readonly buckets?: readonly number[];
  /** Attach trace ids to buckets as exemplars. Needs a registry with the OpenMetrics content type. Default false. */
  readonly exemplars?: boolean;
  /** Register CPU, memory, event loop and garbage collection of this process, unless the registry has them. Default true. */
  readonly processMetrics?: boolean;
  /** Most different users to count per window. Default 100 000. */
  readonly maxUsers?: number;
  /** Longest wait for a health source at a scrape, in milliseconds. Default 2 000. */
  readonly healthTimeoutMs?: number;
  /** Current time in milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const OBJECTIVE_SECONDS = 0.5;

/** The metrics of one process, made by `createMetrics`. */
export class Metrics {
  /** The registry to scrape. */
  readonly registry: Registry<RegistryContentType>;
  readonly #http: HttpInstruments;
  readonly #users: ActiveUsers;
  readonly #health: HealthInstruments;
  readonly #domain: DomainOptions;
  readonly #now: () => number;
  readonly #trail: TrailEvents = { reads: 0, clockJumps: 0 };
  #watched = false;
  #events: GivenSink | undefined;

  /** Prefer `createMetrics`. */
  constructor(options: MetricsOptions) {
    const { registry = new Registry(), exemplars = false, maxSeries = 10_000, routes = [], clock = Date } = options;
    if (exemplars && registry.contentType !== Registry.OPENMETRICS_CONTENT_TYPE) {
      throw new DaybookError(
        "BAD_OPTION",
        "`exemplars` need a registry of the OpenMetrics kind: `registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)`.",
      );
    }
    this.registry = registry;
    this.#now = () => clock.now();
    const registers = [registry as Registry];
    if ((options.processMetrics ?? true) && registry.getSingleMetric("process_cpu_seconds_total") === undefined) {
      collectDefaultMetrics({ register: registry as Registry });
    }
    const folded = new Counter({
      name: "daybook_metrics_folded_total",
      help: "Observations counted under (other) because no further series was allowed, by metric.",
      labelNames: ["metric"],
      registers,
    });
    const buckets = withObjective(options.buckets ?? BUCKETS);
    const budget = new SeriesBudget(maxSeries);
    const fold = (metric: string) => folded.inc({ metric });
    this.#domain = { registry, budget, folded: fold, buckets };
    this.#http = new HttpInstruments({ registry, budget, buckets, routes, exemplars, folded: fold });
    this.#users = new ActiveUsers(registry, options.maxUsers ?? 100_000, this.#now);
    this.#health = new HealthInstruments(registry, options.healthTimeoutMs ?? 2_000);
    this.#health.add(() => ({ store: { ...this.#trail } }));
  }

  /** Counts one request. Pass it as `observe` to `auditMiddleware` or `auditPlugin`. */
  readonly observe = (observation: HttpObservation): void => {
    this.#http.observe(observation);
    if (observation.userId !== undefined) this.#users.seen(observation.userId);
  };

  /**
   * Reads the counters of an audit log at every scrape.
   * @throws {DaybookError} `BAD_OPTION`: a log is watched already
   */
  watch(audit: Pipeline): void {
    if (this.#watched)
      throw new DaybookError("BAD_OPTION", "One `Metrics` watches one audit log; make another one, with a registry of its own.");
    this.#watched = true;
    pipelineInstruments(this.registry, audit);
  }

  /** Calls a health source at every scrape. Several sources can each report a part of the health. */
  watchHealth(source: HealthSource): void {
    this.#health.add(source);
  }

  /** A sink for `createAuditLog` that counts ingestion, queries, tokens, findings and reads of the trail from their events. */
  events(): GivenSink {
    this.#events ??= eventInstruments(this.#domain, this.#trail);
    return this.#events;
  }

  /** Declares a counter. @throws {DaybookError} `BAD_OPTION`: an invalid name or label, or no series left in `maxSeries` */
  counter<const L extends LabelDeclaration = Record<never, never>>(instrument: Instrument<L>): DomainCounter<L> {
    return domainCounter(instrument, this.#domain);
  }

  /** Declares a histogram. @throws {DaybookError} `BAD_OPTION`: as for `counter` */
  histogram<const L extends LabelDeclaration = Record<never, never>>(instrument: HistogramInstrument<L>): DomainHistogram<L> {
    return domainHistogram(instrument, this.#domain);
  }

  /**
   * Declares a gauge.
   * @param read returns all current values at every scrape; series it leaves out are removed. Default: the values that `set` gave
   * @throws {DaybookError} `BAD_OPTION`: as for `counter`
   */
  gauge<const L extends LabelDeclaration = Record<never, never>>(instrument: Instrument<L>, read?: GaugeReader<L>): DomainGauge<L> {
    return domainGauge(instrument, this.#domain, read);
  }

  /** Declares a list of the items most people use, k-anonymous. @throws {DaybookError} `BAD_OPTION`: `k` below 5, or no series left */
  topList(options: TopListOptions = {}): TopList {
    return topList(options, this.registry, this.#domain.budget, this.#now);
  }
}

/**
 * Makes the metrics of one process over a prom-client registry.
 * @throws {DaybookError} `BAD_OPTION`: an option that cannot work
 * @example
 * ```ts
 * import { createMetrics, serveMetrics } from "@daybook/metrics";
 *
 * const metrics = createMetrics({ routes: ["GET /books/:id"] });
 * const lent = metrics.counter({ name: "books_lent_total", help: "Books lent, by shelf.", labels: { shelf: ["a", "b"] } });
 * lent.inc(1, { shelf: "a" });
 * const { url } = await serveMetrics({ registry: metrics.registry });
 * console.log(url); // http://127.0.0.1:9464/metrics
 * ```
 */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  return new Metrics(options);
}

function withObjective(buckets: readonly number[]): number[] {
  const bounds = [...new Set([...buckets, OBJECTIVE_SECONDS])].sort((a, b) => a - b);
  if (bounds.some((bound) => !(bound > 0 && Number.isFinite(bound)))) {
    throw new DaybookError("BAD_OPTION", "`buckets` are finite numbers of seconds above 0.");
  }
  return bounds;
}

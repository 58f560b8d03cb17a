import { DaybookError } from "@daybook/core";
import { Counter, Gauge, Histogram, type Registry, type RegistryContentType } from "prom-client";
import { BoundedLabels, type LabelDeclaration, type LabelsOf } from "./label-values.ts";
import type { SeriesBudget } from "./series-budget.ts";

/** A metric that an application declares. */
export interface Instrument<L extends LabelDeclaration = Record<never, never>> {
  /** Full name. It ends in `_total` for a counter, `_seconds` for a duration, `_bytes` for a size. */
  readonly name: string;
  /** Description for Prometheus. */
  readonly help: string;
  /** Labels and their allowed values. Default: none. */
  readonly labels?: L;
}

/** A histogram that an application declares. */
export interface HistogramInstrument<L extends LabelDeclaration = Record<never, never>> extends Instrument<L> {
  /** Upper bounds, ascending. Default: from 5 ms to 10 s. */
  readonly buckets?: readonly number[];
}

/** The labels are the last argument, if any are declared. */
type LabelArguments<L extends LabelDeclaration> = keyof L extends never ? [] : [labels: LabelsOf<L>];

/** A declared counter. */
export interface DomainCounter<L extends LabelDeclaration> {
  /** Adds to the counter; label values that are not allowed count under `(other)`. */
  inc(by: number, ...labels: LabelArguments<L>): void;
}
/** A declared histogram. */
export interface DomainHistogram<L extends LabelDeclaration> {
  /** Records one value, in the unit of the name. */
  observe(value: number, ...labels: LabelArguments<L>): void;
}
/** A declared gauge. */
export interface DomainGauge<L extends LabelDeclaration> {
  /** Sets the value, in the unit of the name. */
  set(value: number, ...labels: LabelArguments<L>): void;
}

/** Returns all current values of a gauge, each with its labels. */
export type GaugeReader<L extends LabelDeclaration> = () => GaugeValues<L> | Promise<GaugeValues<L>>;
type GaugeValues<L extends LabelDeclaration> = Iterable<readonly [value: number, ...labels: LabelArguments<L>]>;

export interface DomainOptions {
  readonly registry: Registry<RegistryContentType>;
  readonly budget: SeriesBudget;
  readonly folded: (metric: string) => void;
  readonly buckets: readonly number[];
}

/** @throws {DaybookError} `BAD_OPTION` */
export function domainCounter<const L extends LabelDeclaration = Record<never, never>>(
  { name, help, labels }: Instrument<L>,
  { registry, budget, folded }: DomainOptions,
): DomainCounter<L> {
  if (!name.endsWith("_total")) throw new DaybookError("BAD_OPTION", `The name of a counter ends in _total; ${name} does not.`);
  const bounded = new BoundedLabels(name, labels ?? ({} as L), 1, budget, folded);
  const counter = new Counter({
    name,
    help,
    labelNames: [...bounded.names],
    registers: [registry as Registry],
    collect: () => showUnseen(),
  });
  for (const set of bounded.known()) counter.inc(set, 0);
  const started = new Set<object>(bounded.known().map((set) => bounded.bounded(set)));
  /** Counts of series that no scrape has seen at 0 yet. */
  const unseen = new Map<object, { amount: number; shown: boolean }>();

  // A series that is not known beforehand is shown at 0 first and with its count from the next scrape on: the increase of a counter
  // that is born at 1 is nothing.
  function showUnseen(): void {
    for (const [set, waiting] of unseen) {
      if (waiting.shown) {
        unseen.delete(set);
        started.add(set);
        counter.inc(set, waiting.amount);
      }
      waiting.shown = true;
    }
  }

  return {
    inc(by, ...[given]) {
      const set = bounded.bounded((given ?? {}) as LabelsOf<L>);
      if (started.has(set)) counter.inc(set, by);
      else {
        const waiting = unseen.get(set);
        if (waiting !== undefined) waiting.amount += by;
        else {
          counter.inc(set, 0);
          unseen.set(set, { amount: by, shown: false });
        }
      }
    },
  };
}

/** @throws {DaybookError} `BAD_OPTION` */
export function domainHistogram<const L extends LabelDeclaration = Record<never, never>>(
  { name, help, labels, buckets: own }: HistogramInstrument<L>,
  { registry, budget, folded, buckets }: DomainOptions,
): DomainHistogram<L> {
  const bounds = [...(own ?? buckets)];
  const bounded = new BoundedLabels(name, labels ?? ({} as L), bounds.length + 3, budget, folded);
  const histogram = new Histogram({ name, help, labelNames: [...bounded.names], buckets: bounds, registers: [registry as Registry] });
  for (const set of bounded.known()) histogram.zero(set);
  return { observe: (value, ...[given]) => histogram.observe(bounded.bounded((given ?? {}) as LabelsOf<L>), value) };
}

/**
 * @param read returns all current values at every scrape; series it leaves out are removed
 * @throws {DaybookError} `BAD_OPTION`
 */
export function domainGauge<const L extends LabelDeclaration = Record<never, never>>(
  { name, help, labels }: Instrument<L>,
  { registry, budget, folded }: DomainOptions,
  read?: GaugeReader<L>,
): DomainGauge<L> {
  const bounded = new BoundedLabels(name, labels ?? ({} as L), 1, budget, folded);
  const gauge = new Gauge({
    name,
    help,
    labelNames: [...bounded.names],
    registers: [registry as Registry],
    ...(read === undefined
      ? {}
      : {
          collect: async () => {
            const values = [...(await read())];
            clear();
            // Values that fall together under (other) are added up.
            for (const [value, ...[given]] of values) gauge.inc(bounded.bounded((given ?? {}) as LabelsOf<L>), value);
          },
        }),
  });
  const clear = () => {
    gauge.reset();
    if (bounded.names.length === 0) gauge.remove();
  };
  // Without a value the gauge has no series: 0 would be a statement.
  clear();
  return { set: (value, ...[given]) => gauge.set(bounded.bounded((given ?? {}) as LabelsOf<L>), value) };
}

import { DaybookError } from "@daybook/core";
import { Counter, Gauge, Histogram, type Registry, type RegistryContentType } from "prom-client";
import { BoundedLabels, type LabelDeclaration, type LabelsOf } from "./label-values.ts";
import type { SeriesBudget } from "./series-budget.ts";

/** A metric an application declares for itself. */
export interface Instrument<L extends LabelDeclaration = Record<never, never>> {
  /** Its full name; of a counter it ends in `_total`, of a duration in `_seconds`, of a size in `_bytes`. */
  readonly name: string;
  readonly help: string;
  /** Its labels and the values they may have. Default: none. */
  readonly labels?: L;
}

export interface HistogramInstrument<L extends LabelDeclaration = Record<never, never>> extends Instrument<L> {
  /** Upper bounds, ascending. Default: from 5 ms to 10 s. */
  readonly buckets?: readonly number[];
}

/** The labels, where any are declared, come last. */
type LabelArguments<L extends LabelDeclaration> = keyof L extends never ? [] : [labels: LabelsOf<L>];

export interface DomainCounter<L extends LabelDeclaration> {
  inc(by: number, ...labels: LabelArguments<L>): void;
}
export interface DomainHistogram<L extends LabelDeclaration> {
  observe(value: number, ...labels: LabelArguments<L>): void;
}
export interface DomainGauge<L extends LabelDeclaration> {
  set(value: number, ...labels: LabelArguments<L>): void;
}

/** All values a gauge has now, each with its labels. */
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
  const counter = new Counter({ name, help, labelNames: [...bounded.names], registers: [registry as Registry], collect: () => release() });
  for (const set of bounded.known()) counter.inc(set, 0);
  const started = new Set<object>(bounded.known().map((set) => bounded.bounded(set)));
  /** What was counted for series nobody has seen at 0 yet. */
  const held = new Map<object, { amount: number; shown: boolean }>();

  // A series that is not known beforehand is shown at 0 first and with its count from the next scrape on: the increase of a counter
  // that is born at 1 is nothing.
  function release(): void {
    for (const [set, waiting] of held) {
      if (waiting.shown) {
        held.delete(set);
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
        const waiting = held.get(set);
        if (waiting !== undefined) waiting.amount += by;
        else {
          counter.inc(set, 0);
          held.set(set, { amount: by, shown: false });
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
 * @param read asked at every scrape, if given: all current values; what it leaves out is gone
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
  // A gauge says nothing until somebody has said something.
  clear();
  return { set: (value, ...[given]) => gauge.set(bounded.bounded((given ?? {}) as LabelsOf<L>), value) };
}

import type { Metrics } from "../../src/index.ts";

/** What one scrape says: value by series, the series as Prometheus writes it. */
export async function scrape(metrics: Metrics): Promise<Map<string, number>> {
  return samples(await metrics.registry.metrics());
}

export function samples(text: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, series, value] = /^(\S+?(?:\{.*?\})?) (\S+)(?: # .*)?$/.exec(line) ?? [];
    if (series === undefined) throw new Error(`not a sample: ${line}`);
    found.set(series, value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value === "Nan" ? "NaN" : value));
  }
  return found;
}

/** Values of one metric by its label set, without the series at 0. */
export function nonZero(all: ReadonlyMap<string, number>, metric: string): Record<string, number> {
  return Object.fromEntries(
    [...all]
      .filter(([series, value]) => value !== 0 && (series === metric || series.startsWith(`${metric}{`)))
      .map(([series, value]) => [series.slice(metric.length), value]),
  );
}

/** Sum over all labels of a metric. */
export function total(all: ReadonlyMap<string, number>, metric: string): number {
  let sum = 0;
  for (const [series, value] of all) if (series === metric || series.startsWith(`${metric}{`)) sum += value;
  return sum;
}

/** Ratios of pairs that ran one after the other: what disturbs a machine disturbs both. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("a median of nothing");
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

export const spread = (ratios: readonly number[]): Spread => ({
  median: median(ratios),
  min: Math.min(...ratios),
  max: Math.max(...ratios),
});

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/**
 * True when a cost is no larger than its own noise: the median is at most the distance of the largest round from the smallest. A
 * ratio of such costs says nothing; it is even negative when the bare side was the slower one.
 */
export const withinNoise = (costs: readonly number[]): boolean => median(costs) <= Math.max(...costs) - Math.min(...costs);

/** Value below which the given share of the sorted values lies. */
export const quantile = (sorted: ArrayLike<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;

import { median } from "./ratio.ts";

/** The ratio new/old of one figure, over pairs that ran one after the other. */
export interface Change {
  readonly median: number;
  /** Limits of the median: about 93 of 100 such intervals contain the true one. */
  readonly low: number;
  readonly high: number;
  readonly verdict: "changed" | "no change seen" | "too few rounds";
}

/** Five ratios on one side of 1 happen by chance in 1 of 16 cases. */
export const LEAST_PAIRS = 5;
/** With so many, the interval leaves one ratio out at each end: single disturbed rounds do not count. */
const TRIMMED_FROM = 8;

export function changeOf(ratios: readonly number[]): Change {
  if (ratios.length === 0) return { median: Number.NaN, low: Number.NaN, high: Number.NaN, verdict: "too few rounds" };
  const sorted = ratios.toSorted((a, b) => a - b);
  const cut = sorted.length >= TRIMMED_FROM ? 1 : 0;
  const low = sorted[cut]!;
  const high = sorted[sorted.length - 1 - cut]!;
  // A ratio below zero comes from an added cost that is smaller than its noise.
  const isOneSided = low > 1 || (high < 1 && low > 0);
  const verdict = ratios.length < LEAST_PAIRS ? "too few rounds" : isOneSided ? "changed" : "no change seen";
  return { median: median(ratios), low, high, verdict };
}

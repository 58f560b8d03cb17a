import { type Spread, spread, withinNoise } from "./ratio.ts";

/** A bound of a goal: the ratio is at most, or at least, so much. */
export type Bound = { readonly most: number } | { readonly least: number };

/** One measured goal, or one part of a goal that has several. */
export interface Measurement {
  /** Such as `P5`. */
  readonly id: string;
  /** Which part of the goal, where it has several. */
  readonly part?: string;
  /** What is wanted, in words. */
  readonly goal: string;
  readonly bound: Bound;
  /** What the other side is. */
  readonly against: string;
  /** Ratios of the pairs. */
  readonly ratios: readonly number[];
  /** For ratios of differences: the added cost of each side, one number per round. Absent if both sides are measured directly. */
  readonly added?: readonly (readonly number[])[];
  /** Microseconds of CPU time one operation took on our side, all threads; undefined where the goal is no operation. */
  readonly cpuUs?: number;
  /** Most resident bytes of our side's process. */
  readonly memory?: number;
  readonly note: string;
}

/** `inconclusive`: the added cost of a side is within its own noise, so the ratio says nothing. */
export type Verdict = "met" | "not met" | "inconclusive";

export interface Judged extends Measurement {
  readonly ratio: Spread;
  readonly verdict: Verdict;
}

export function judged(measurement: Measurement): Judged {
  const ratio = spread(measurement.ratios);
  return { ...measurement, ratio, verdict: verdictOf(measurement, ratio) };
}

function verdictOf({ bound, added = [] }: Measurement, { median }: Spread): Verdict {
  if (added.some(withinNoise)) return "inconclusive";
  return ("most" in bound ? median <= bound.most : median >= bound.least) ? "met" : "not met";
}

/** How far a measurement is from its bound: 1 is on it, less is within. An inconclusive one counts as on it. */
export function distance({ bound, ratio, verdict }: Judged): number {
  if (verdict === "inconclusive") return 1;
  return "most" in bound ? ratio.median / bound.most : bound.least / Math.max(ratio.median, Number.MIN_VALUE);
}

export interface Sizes {
  readonly short: boolean;
  /** Events of a small log. */
  readonly small: number;
  /** Events of the log at which inserts are compared; the last is the largest. */
  readonly points: readonly [number, number, number];
  /** Events of the log that is verified and exported. */
  readonly whole: number;
  /** Events of one measured step. */
  readonly step: number;
  /** Pairs of measurements. */
  readonly rounds: number;
  /** Seconds one side of a server comparison is under load. */
  readonly seconds: number;
}

export const FULL: Sizes = {
  short: false,
  small: 100_000,
  points: [1_000_000, 3_000_000, 5_000_000],
  whole: 1_000_000,
  step: 50_000,
  rounds: 5,
  seconds: 3,
};

export const SHORT: Sizes = {
  short: true,
  small: 20_000,
  points: [40_000, 80_000, 160_000],
  whole: 40_000,
  step: 10_000,
  rounds: 2,
  seconds: 1,
};

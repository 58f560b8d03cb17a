import { type Spread, spread, withinNoise } from "./ratio.ts";

/** A bound of a goal: the ratio is at most, or at least, so much. */
export type Bound = { readonly most: number } | { readonly least: number };

/** What one side did in all rounds, counted at the place where it is kept. */
export interface Work {
  readonly requests?: number;
  readonly events?: number;
  readonly rows?: number;
  readonly lines?: number;
  /** Values that a metrics library has counted. */
  readonly observations?: number;
}

/** How much one round measures. */
export interface Size {
  readonly amount: number;
  readonly unit: "events" | "s";
  /** The size that the step and the floor are set for; a smaller run gets no verdict. Default: any. */
  readonly setFor?: number;
}

/** One measured goal, or one part of a goal that has several. */
export interface Measurement {
  /** Such as `P5`. */
  readonly id: string;
  /** Which part of the goal, if it has several. */
  readonly part?: string;
  /** The goal in words. */
  readonly goal: string;
  /** The bound to reach now. */
  readonly step: Bound;
  /** The bound that must never be missed. Default: the step. */
  readonly floor?: Bound;
  /** What the other side is. */
  readonly against: string;
  /** Ratios of the pairs. */
  readonly ratios: readonly number[];
  /** For ratios of differences: the added cost of each side, one number per round. Absent if both sides are measured directly. */
  readonly added?: readonly (readonly number[])[];
  /** True for a number that one measurement settles, such as bytes, a maximum or a single long job. Default: false. */
  readonly once?: boolean;
  readonly size?: Size;
  readonly work?: { readonly ours: Work; readonly theirs?: Work };
  /** Microseconds of CPU time of one operation on our side, all threads; undefined if the goal is no operation. */
  readonly cpuUs?: number;
  /** Most resident bytes of our side's process. */
  readonly memory?: number;
  readonly note: string;
}

/**
 * - `floor`: between the step and the floor.
 * - `inconclusive`: the added cost of a side is within its own spread, so the ratio says nothing.
 * - `too small`: the bounds are set for a larger size.
 * - `too few rounds`: the spread is unknown.
 */
export type Verdict = "reached" | "floor" | "not reached" | "inconclusive" | "too small" | "too few rounds";

/** Fewest rounds that show a spread. */
export const LEAST_ROUNDS = 3;

export interface Judged extends Measurement {
  readonly ratio: Spread;
  readonly verdict: Verdict;
}

export function judged(measurement: Measurement): Judged {
  const ratio = spread(measurement.ratios);
  return { ...measurement, ratio, verdict: verdictOf(measurement, ratio) };
}

function verdictOf({ step, floor = step, added = [], ratios, once = false, size }: Measurement, { median }: Spread): Verdict {
  if (size?.setFor !== undefined && size.amount < size.setFor) return "too small";
  if (!once && ratios.length < LEAST_ROUNDS) return "too few rounds";
  if (added.some(withinNoise)) return "inconclusive";
  if (isWithin(step, median)) return "reached";
  return isWithin(floor, median) ? "floor" : "not reached";
}

const isWithin = (bound: Bound, ratio: number) => ("most" in bound ? ratio <= bound.most : ratio >= bound.least);

/** True for a verdict that says how far the step is. */
export const isDecided = (verdict: Verdict): boolean => verdict === "reached" || verdict === "floor" || verdict === "not reached";

/** How far a measurement is from its step: 1 is on it, less is within. One without a decision counts as on it. */
export function distance({ step, ratio, verdict }: Judged): number {
  if (!isDecided(verdict)) return 1;
  return "most" in step ? ratio.median / step.most : step.least / Math.max(ratio.median, Number.MIN_VALUE);
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
  rounds: LEAST_ROUNDS,
  seconds: 1,
};

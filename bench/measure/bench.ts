import type { Measurement, Sizes } from "./goal.ts";
import type { TwoLogs } from "./two-logs.ts";

/** What a goal is given to measure with. */
export interface Bench {
  readonly sizes: Sizes;
  /** An empty folder on the disk that is measured. */
  readonly folder: string;
  /** The log and the table that grow during the run. */
  readonly logs: TwoLogs;
  /** Says on stderr what is going on. */
  progress(text: string): void;
  /** Adds a line to the table of growth. */
  grown(row: GrowthRow): void;
}

/** How a log is at one size. */
export interface GrowthRow {
  readonly events: number;
  readonly [column: string]: number | undefined;
}

export interface Goal {
  /** Goals it measures, such as `P5`. */
  readonly ids: readonly string[];
  readonly name: string;
  /** Events the log must have when it runs: goals run in this order. */
  readonly at: (sizes: Sizes) => number;
  /** The plain table has to grow along. */
  readonly needsPlainTable?: boolean;
  readonly run: (bench: Bench) => Promise<readonly Measurement[]>;
}

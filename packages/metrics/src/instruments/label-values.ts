import { DaybookError } from "@daybook/core";
import type { SeriesBudget } from "./series-budget.ts";

/**
 * Allowed values of a label: a list, whose series all begin at 0, or the largest number of different values, for values that are not
 * known beforehand, such as collections. Other values are counted under `(other)`.
 */
export type LabelValues = readonly string[] | { readonly max: number };

/** Labels of an instrument with their allowed values. */
export type LabelDeclaration = Readonly<Record<string, LabelValues>>;

/** Values for the declared labels. */
export type LabelsOf<L extends LabelDeclaration> = { readonly [K in keyof L]: string };

export const OTHER = "(other)";

const NAME = /^[a-z][a-z0-9_]*$/;
const METRIC_NAME = /^[a-z][a-z0-9_]*[a-z0-9]$/;
/** Label names for persons or for their own texts. */
const PERSONAL =
  /^(?:.*_)?(?:user|users|userid|actor|subject|person|reader|email|mail|ip|ips|address|session|token|uid|sub|path|url|uri|query|phone)(?:_id|_name)?$/;

/** @throws {DaybookError} `BAD_OPTION` for a name Prometheus would not take */
export function checkMetricName(name: string): void {
  if (!METRIC_NAME.test(name))
    throw new DaybookError(
      "BAD_OPTION",
      `A metric is named in lower case with underscores, such as books_ingested_total; ${JSON.stringify(name)} is not.`,
    );
}

/** Turns given labels into those of a series that may exist. */
export class BoundedLabels<L extends LabelDeclaration> {
  readonly names: readonly (keyof L & string)[];
  readonly #declaration: L;
  readonly #metric: string;
  readonly #folded: (metric: string) => void;
  readonly #seen = new Map<string, Set<string>>();
  readonly #sets = new Map<string, LabelsOf<L>>();

  /**
   * @param seriesEach series of one set of labels: 1, or the buckets of a histogram and its sum and count
   * @throws {DaybookError} `BAD_OPTION` for a label that names a person or a path, or if the series do not fit the budget
   */
  constructor(metric: string, declaration: L, seriesEach: number, budget: SeriesBudget, folded: (metric: string) => void) {
    checkMetricName(metric);
    this.#metric = metric;
    this.#declaration = declaration;
    this.#folded = folded;
    this.names = Object.keys(declaration);
    for (const name of this.names) {
      if (!NAME.test(name) || name === "le" || name === "quantile" || name.startsWith("__"))
        throw new DaybookError("BAD_OPTION", `${JSON.stringify(name)} cannot be a label of ${metric}.`);
      if (PERSONAL.test(name))
        throw new DaybookError(
          "BAD_OPTION",
          `A label ${name} of ${metric} would hold a person or a text of theirs, and a metric cannot forget: count them instead.`,
        );
      const values = declaration[name]!;
      if ("max" in values && !(Number.isInteger(values.max) && values.max > 0))
        throw new DaybookError("BAD_OPTION", `\`max\` of label ${name} of ${metric} is a whole number above 0.`);
      this.#seen.set(name, new Set("max" in values ? [] : values));
    }
    // Room for everything that may come is taken at once, so that no series of a declared metric is missing later.
    const size = this.names.reduce((product, name) => product * (sizeOf(declaration[name]!) + 1), 1);
    if (!budget.take(size * seriesEach)) {
      throw new DaybookError(
        "BAD_OPTION",
        `${metric} could have ${size * seriesEach} series and \`maxSeries\` leaves ${budget.left}: declare fewer values, or raise it.`,
      );
    }
  }

  /** Every set of labels that is known beforehand. */
  known(): LabelsOf<L>[] {
    let sets: Record<string, string>[] = [{}];
    for (const name of this.names) {
      const values = this.#declaration[name]!;
      if ("max" in values) return [];
      sets = sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value })));
    }
    return sets as LabelsOf<L>[];
  }

  /** The labels to count under; the same object for the same values. */
  bounded(labels: LabelsOf<L>): LabelsOf<L> {
    const values = this.names.map((name) => this.#bounded(name, String(labels[name])));
    const key = values.join("\u0000");
    let set = this.#sets.get(key);
    if (set === undefined) {
      set = Object.fromEntries(this.names.map((name, i) => [name, values[i]])) as LabelsOf<L>;
      this.#sets.set(key, set);
    }
    return set;
  }

  #bounded(name: keyof L & string, value: string): string {
    const seen = this.#seen.get(name)!;
    if (seen.has(value)) return value;
    const values = this.#declaration[name]!;
    if ("max" in values && seen.size < values.max) {
      seen.add(value);
      return value;
    }
    this.#folded(this.#metric);
    return OTHER;
  }
}

const sizeOf = (values: LabelValues) => ("max" in values ? values.max : values.length);

import { DaybookError } from "@daybook/core";
import { Gauge, type Registry, type RegistryContentType } from "prom-client";
import { checkMetricName } from "./label-values.ts";
import type { SeriesBudget } from "./series-budget.ts";

/** Options of `Metrics.topList`. */
export interface TopListOptions {
  /** Name of the metric. Default `daybook_top_resources`. */
  readonly name?: string;
  /** Description for Prometheus. Default: a general one. */
  readonly help?: string;
  /** Name of the label. Default `resource`. */
  readonly label?: string;
  /** Most items shown. Default 10. */
  readonly size?: number;
  /** An item is shown once this many different people used it. At least 5, the default. */
  readonly k?: number;
  /** Length of a counting window in milliseconds. Default one day. */
  readonly windowMs?: number;
}

/** A list of the items that most people use. */
export interface TopList {
  /** Counts one use of an item by a user. */
  used(item: string, userId: string): void;
}

/** Most items of a list and most people of an item; further ones are not counted in the window. */
const MOST_ITEMS = 1_000;
const MOST_PEOPLE = 1_000;
const LEAST_K = 5;

/** Makes a k-anonymous top list: an item that one person reads would reveal what that person reads. */
export function topList(
  options: TopListOptions,
  registry: Registry<RegistryContentType>,
  budget: SeriesBudget,
  now: () => number,
): TopList {
  const {
    name = "daybook_top_resources",
    help = "People who used an item in the current window; only items with enough of them.",
    label = "resource",
  } = options;
  const { size = 10, k = LEAST_K, windowMs = 24 * 3_600_000 } = options;
  checkMetricName(name);
  if (!(k >= LEAST_K))
    throw new DaybookError("BAD_OPTION", `\`k\` of a top list is at least ${LEAST_K}: fewer people could be told apart.`);
  if (!budget.take(size))
    throw new DaybookError("BAD_OPTION", `The top list ${name} needs ${size} series and \`maxSeries\` leaves ${budget.left}.`);
  const items = new Map<string, Set<string>>();
  let begun = now();
  const gauge = new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [registry as Registry],
    collect() {
      renew();
      gauge.reset();
      const shown = [...items].filter(([, people]) => people.size >= k).sort((a, b) => b[1].size - a[1].size);
      for (const [item, people] of shown.slice(0, size)) gauge.set({ [label]: item }, people.size);
    },
  });

  function renew(): void {
    if (now() - begun < windowMs) return;
    items.clear();
    begun = now();
  }

  return {
    used(item, userId) {
      renew();
      let people = items.get(item);
      if (people === undefined) {
        if (items.size >= MOST_ITEMS) return;
        people = new Set();
        items.set(item, people);
      }
      if (people.size < MOST_PEOPLE) people.add(userId);
    },
  };
}

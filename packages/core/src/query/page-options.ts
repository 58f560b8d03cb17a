import { DaybookError } from "../daybook-error.ts";
import type { PageOptions } from "./event-filter.ts";

const ORDERS = ["newest", "oldest"] as const;

/**
 * Checks page options and fills in their defaults. A cursor is the sequence number of the last event of the previous page.
 * @throws {DaybookError} `BAD_FILTER`
 */
export function pageOptions({ limit = 100, order = "newest", cursor }: PageOptions): {
  limit: number;
  order: "newest" | "oldest";
  from: number | undefined;
} {
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw new DaybookError("BAD_FILTER", "`limit` is a whole number from 1 to 1000; use scan() for more.");
  if (!ORDERS.includes(order)) throw new DaybookError("BAD_FILTER", "`order` is newest or oldest.");
  const from = cursor === undefined ? undefined : Number(cursor);
  if (from !== undefined && (!/^\d{1,16}$/.test(cursor!) || !Number.isSafeInteger(from))) {
    throw new DaybookError("BAD_FILTER", "`cursor` is the `next` of an earlier page.");
  }
  return { limit, order, from };
}

import { DaybookError, type EventFilter } from "@daybook/core";
import type { Kysely, SelectQueryBuilder, SqlBool } from "kysely";
import type { HeadFilter, SeqRange } from "../buckets/bucket-index.ts";

interface EntryTable {
  seq: number;
  entry: Uint8Array;
  head: string | null;
  person: string | null;
  id: string | null;
  ts: string | null;
  type: string | null;
  action: string | null;
  severity: string | null;
  outcome: string | null;
  actor: string | null;
  tenant: string | null;
}

interface PartTable {
  slot: number;
  data: string | null;
}

/** The tables that queries read. */
export interface Tables {
  daybook_event: EntryTable;
  daybook_part: PartTable;
}

/** The part of Kysely that is loaded for the first query. */
export type QueryBuilder = typeof import("./kysely.ts");

/** Rows of a range that match the filter, in the given order. */
export function inRange(db: Kysely<Tables>, sql: QueryBuilder["sql"], filter: EventFilter, { order, low, high }: SeqRange, limit: number) {
  return whereFilter(db.selectFrom("daybook_event"), filter, sql)
    .where("seq", ">=", low)
    .where("seq", "<=", high)
    .select(entryColumns(sql))
    .orderBy("seq", order === "newest" ? "desc" : "asc")
    .limit(limit);
}

/** The part of a filter that summaries of buckets can narrow down. */
export const headFilter = ({ type, action, severity, outcome, route, since, until }: EventFilter): HeadFilter => ({
  type,
  action,
  severity,
  outcome,
  route,
  since: since === undefined ? undefined : isoTime("since", since),
  until: until === undefined ? undefined : isoTime("until", until),
});

/** True if summaries of buckets know every condition of the filter. */
export const knownToSummaries = ({
  route: _route,
  type: _type,
  action: _action,
  severity: _severity,
  outcome: _outcome,
  since: _since,
  until: _until,
  after: _after,
  ...rest
}: EventFilter): boolean => Object.values(rest).every((value) => value === undefined);

type EntrySelect<O> = SelectQueryBuilder<Tables, "daybook_event", O>;

/** Translates a filter into SQL conditions. */
export function whereFilter<O>(builder: EntrySelect<O>, filter: EventFilter, sql: QueryBuilder["sql"]): EntrySelect<O> {
  let select = builder;
  for (const key of ["type", "action", "severity", "outcome"] as const) {
    const wanted = filter[key];
    if (wanted !== undefined) select = select.where(key, "in", typeof wanted === "string" ? [wanted] : wanted);
  }
  if (filter.route !== undefined) select = select.where(sql<SqlBool>`head ->> '$.route' = ${filter.route}`);
  if (filter.requestId !== undefined) select = select.where(sql<SqlBool>`person ->> '$.request_id' = ${filter.requestId}`);
  if (filter.tenant !== undefined) select = select.where("tenant", "=", filter.tenant);
  if (filter.since !== undefined) select = select.where("ts", ">=", isoTime("since", filter.since));
  if (filter.until !== undefined) select = select.where("ts", "<", isoTime("until", filter.until));
  if (filter.after !== undefined) select = select.where("seq", ">", filter.after);
  // Reached only without keys: no index has the id in clear.
  if (filter.actor !== undefined) select = select.where(sql<SqlBool>`coalesce(person ->> '$.uid', actor) = ${filter.actor}`);
  if (filter.user !== undefined) {
    select = select.where(
      sql<SqlBool>`(coalesce(person ->> '$.uid', actor) = ${filter.user} OR EXISTS (SELECT 1 FROM daybook_part p WHERE p.slot BETWEEN 256 * daybook_event.seq AND 256 * daybook_event.seq + 255
        AND coalesce(p.data ->> '$.uid', p.data ->> '$.sub') = ${filter.user}))`,
    );
  }
  return select;
}

/** The columns of one row of a query. */
export interface SelectedEntry {
  seq: number;
  parts: number;
  head: string | null;
  person: string | null;
}

export const entryColumns = (sql: QueryBuilder["sql"]) => [
  "seq" as const,
  sql<number>`(length(entry) - 6) / 32`.as("parts"),
  "head" as const,
  "person" as const,
];

function isoTime(option: string, ms: number): string {
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15)
    throw new DaybookError("BAD_FILTER", `\`${option}\` is a time in milliseconds since 1970.`);
  return new Date(ms).toISOString();
}

import { DaybookError, type EventFilter } from "@daybook/core";
import type { Kysely, SelectQueryBuilder, SqlBool } from "kysely";

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

interface PersonTable {
  seq: number;
  part: number;
  data: string | null;
  sub: string | null;
}

/** The tables that queries read. */
export interface Tables {
  daybook_entry: EntryTable;
  daybook_person: PersonTable;
}

/** The part of Kysely that is loaded for the first query. */
export type QueryBuilder = typeof import("./kysely.ts");

/** One page by key: the rows beyond `cursor` in the given order. */
export function page(
  db: Kysely<Tables>,
  sql: QueryBuilder["sql"],
  filter: EventFilter,
  order: "newest" | "oldest",
  cursor: number | undefined,
  size: number,
) {
  const select = whereFilter(db.selectFrom("daybook_entry"), filter, sql);
  return (cursor === undefined ? select : select.where("seq", order === "newest" ? "<" : ">", cursor))
    .select(entryColumns(sql))
    .orderBy("seq", order === "newest" ? "desc" : "asc")
    .limit(size);
}

type EntrySelect<O> = SelectQueryBuilder<Tables, "daybook_entry", O>;

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
      sql<SqlBool>`(coalesce(person ->> '$.uid', actor) = ${filter.user} OR EXISTS (SELECT 1 FROM daybook_person p WHERE p.seq = daybook_entry.seq AND coalesce(p.data ->> '$.uid', p.sub) = ${filter.user}))`,
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

import type BetterSqlite from "better-sqlite3";

/** Runs a statement that always has a row, such as a count, and returns that row. */
export function one<Parameters extends unknown[], Row>(statement: BetterSqlite.Statement<Parameters, Row>, ...parameters: Parameters): Row {
  const row = statement.get(...parameters);
  if (row === undefined) throw new Error(`There is no row for: ${statement.source}`);
  return row;
}

/** A value that must be there, such as the last row of a full block. */
export function present<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Error(`There is no ${what}.`);
  return value;
}

/** Retention class from its column, which is one byte of the entry. */
export const classOf = (column: Uint8Array): number => present(column[0], "retention class");

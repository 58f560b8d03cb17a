/** What is used of Kysely: a module of its own, so that the build leaves out the rest. */
export { Kysely, SqliteDialect, sql } from "kysely";

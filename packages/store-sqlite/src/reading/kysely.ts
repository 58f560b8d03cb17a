/** The used exports of Kysely, in a module of their own, so that the build drops the rest. */
export { Kysely, SqliteDialect, sql } from "kysely";

/** Built-in types, which reports filter by. A catalogue may add names of its own, `[a-z][a-z0-9_]{1,39}`. */
export const BUILT_IN_TYPES = [
  "error",
  "ingestion",
  "admin_action",
  "access_control",
  "compliance",
  "authentication",
  "query",
  "retrieval",
  "generation",
  "index_update",
  "suspicious_activity",
  "endpoint",
  "custom",
] as const;

/** One of `BUILT_IN_TYPES`. */
export type BuiltInType = (typeof BUILT_IN_TYPES)[number];

const TYPE_NAME = /^[a-z][a-z0-9_]{1,39}$/;
const ACTION_NAME = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/;

export const isTypeName = (value: string): boolean => TYPE_NAME.test(value);

/** A dotted verb such as `book.uploaded`, at most 64 characters; `ledger.*` belongs to the store. */
export const isActionName = (value: string): boolean => value.length <= 64 && ACTION_NAME.test(value) && !value.startsWith("ledger.");

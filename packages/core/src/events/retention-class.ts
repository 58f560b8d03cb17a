import type { EventDefinition } from "./event-definition.ts";

interface RetentionClass {
  readonly name: string;
  /** Days for which personal parts are kept by default. */
  readonly personDays: number;
  /** Built-in types whose events have this class. */
  readonly types: readonly string[];
}

/**
 * The retention classes, the only table of them in core. `@daybook/ledger` states the same classes in the policy that it records, and
 * a test of the SQLite store compares the two: neither package imports the other.
 */
const CLASSES: ReadonlyMap<number, RetentionClass> = new Map([
  [1, { name: "system", personDays: 365, types: ["error", "ingestion", "index_update", "custom"] }],
  [2, { name: "access", personDays: 365, types: ["access_control"] }],
  [3, { name: "admin", personDays: 365, types: ["admin_action"] }],
  [4, { name: "consent", personDays: 1095, types: [] }],
  [5, { name: "compliance", personDays: 1095, types: ["compliance"] }],
  [6, { name: "usage", personDays: 184, types: ["query", "retrieval", "generation", "endpoint"] }],
  [7, { name: "security", personDays: 180, types: ["authentication", "suspicious_activity"] }],
  [8, { name: "ledger", personDays: 1095, types: [] }],
]);

const CLASS_OF_TYPE: ReadonlyMap<string, number> = new Map(
  [...CLASSES].flatMap(([number, { types }]) => types.map((type) => [type, number] as const)),
);

/** Class of an event whose type is not built in and names no class of its own. */
const OTHER_CLASS = 1;
/** Class of the records about consents, whose period starts when the consent ends. */
export const CONSENT_CLASS = 4;

/**
 * Days for which personal parts are kept, by number of the retention class. In class 4 they count from the end of the consent. A class
 * without an entry has no period that is known here.
 */
export type RetentionPeriods = ReadonlyMap<number, number>;

/** The periods of a log that records no other ones. */
export const DEFAULT_RETENTION_PERIODS: RetentionPeriods = new Map([...CLASSES].map(([number, { personDays }]) => [number, personDays]));

/** Name of a retention class, such as `access` for 2; undefined for a class of the application. */
export const retentionClassName = (number: number): string | undefined => CLASSES.get(number)?.name;

/** Retention class of a definition, 1 to 127. */
export function retentionClassOf({ type, action, retention }: Pick<EventDefinition, "type" | "action" | "retention">): number {
  if (type === "compliance" && action.startsWith("consent.")) return CONSENT_CLASS;
  return CLASS_OF_TYPE.get(type) ?? retention ?? OTHER_CLASS;
}

/**
 * Days for which the personal part of an event of this definition is kept; undefined for a class without a known period.
 * @param periods those in force, see `retentionPeriodsOf`. Default: `DEFAULT_RETENTION_PERIODS`.
 */
export const personDaysOf = (definition: EventDefinition, periods: RetentionPeriods = DEFAULT_RETENTION_PERIODS): number | undefined =>
  periods.get(retentionClassOf(definition));

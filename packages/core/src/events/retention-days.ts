import type { EventDefinition } from "./event-definition.ts";

/**
 * Days for which the personal part of a record is kept by default, by retention class; docs/ledger.md lists the classes. Class 4
 * counts from the end of the consent.
 */
const PERSON_DAYS: Readonly<Record<number, number>> = { 1: 365, 2: 365, 3: 365, 4: 1095, 5: 1095, 6: 184, 7: 180, 8: 1095 };

const CLASS_OF_TYPE: Readonly<Record<string, number>> = {
  error: 1,
  ingestion: 1,
  index_update: 1,
  custom: 1,
  access_control: 2,
  admin_action: 3,
  compliance: 5,
  query: 6,
  retrieval: 6,
  generation: 6,
  endpoint: 6,
  authentication: 7,
  suspicious_activity: 7,
};

/** Retention class of a definition, 1 to 127. */
export function retentionClassOf({ type, action, retention }: Pick<EventDefinition, "type" | "action" | "retention">): number {
  if (type === "compliance" && action.startsWith("consent.")) return 4;
  return CLASS_OF_TYPE[type] ?? retention ?? 1;
}

/** Days the personal part of an event of this definition is kept; undefined for classes with a policy of their own. */
export const personDaysOf = (definition: EventDefinition): number | undefined => PERSON_DAYS[retentionClassOf(definition)];

import { AssertionError } from "node:assert";
import { inspect, isDeepStrictEqual } from "node:util";
import {
  type AuditLog,
  type AuditLogOptions,
  type BuiltInEvent,
  createAuditLog,
  type EventDefinition,
  memoryStore,
  type StoredEvent,
} from "@daybook/core";
import type { AuditStore } from "@daybook/core/store";

/** Expected fields of a record. Other fields may have any value. Matchers such as `expect.any(Number)` work. */
export type ExpectedRecord = Partial<Omit<StoredEvent, "actor">> & { readonly actor?: string | Partial<StoredEvent["actor"]> };

/** An audit log for the tests of an application. Everything stays in memory, and nothing is left open. */
export function testAuditLog<const C extends readonly EventDefinition[] = readonly []>(
  options: Omit<AuditLogOptions<C>, "store"> = {},
): AuditLog<C[number] | BuiltInEvent> {
  return createAuditLog({ store: memoryStore(), signals: false, ...options } as AuditLogOptions<C>);
}

/**
 * Fails unless the log has a record of this definition that looks as expected.
 * @param expected an actor given as text is the id of a user
 * @returns all such records, oldest first
 * @throws {AssertionError} that shows what was recorded instead
 */
export async function expectAudited(
  audit: AuditLog<never> | AuditLog,
  definition: Pick<EventDefinition, "type" | "action">,
  expected: ExpectedRecord = {},
  { times }: { readonly times?: number } = {},
): Promise<readonly StoredEvent[]> {
  const recorded = await recordsOf(audit as AuditLog);
  const candidates = recorded.filter((event) => event.type === definition.type && event.action === definition.action);
  const { actor, ...rest } = expected;
  const wanted = actor === undefined ? rest : { ...rest, actor: typeof actor === "string" ? { id: actor } : actor };
  const found = candidates.filter((event) => contains(event, wanted));
  if (times === undefined ? found.length > 0 : found.length === times) return found;
  const shown =
    candidates.length > 0
      ? `of ${definition.action} there are\n${inspect(candidates, { depth: 6 })}`
      : `recorded were: ${actionsOf(recorded)}`;
  throw new AssertionError({
    message: `expected ${times ?? "a"} record${times === 1 || times === undefined ? "" : "s"} of ${definition.action} like ${inspect(wanted, { depth: 6 })}, found ${found.length}; ${shown}`,
    actual: candidates,
    expected: wanted,
    operator: "expectAudited",
  });
}

/** Fails if the log has such a record. @throws {AssertionError} with the records found */
export async function expectNotAudited(
  audit: AuditLog<never> | AuditLog,
  definition: Pick<EventDefinition, "type" | "action">,
  unwanted: ExpectedRecord = {},
): Promise<void> {
  await expectAudited(audit, definition, unwanted, { times: 0 });
}

async function recordsOf(audit: AuditLog): Promise<StoredEvent[]> {
  const { store } = audit;
  if (store === undefined) throw new TypeError("The audit log has no store that can be queried; give it `store: memoryStore()`.");
  await audit.flush();
  const events: StoredEvent[] = [];
  for await (const event of (store as AuditStore).scan({}, { order: "oldest" })) events.push(event);
  return events;
}

/** Everything in `expected` is in `actual`: objects may have more keys, lists and values are equal. */
function contains(actual: unknown, expected: unknown): boolean {
  if (typeof (expected as { asymmetricMatch?: unknown } | null)?.asymmetricMatch === "function") {
    return (expected as { asymmetricMatch(value: unknown): boolean }).asymmetricMatch(actual);
  }
  if (Array.isArray(expected)) {
    return Array.isArray(actual) && actual.length === expected.length && expected.every((item, i) => contains(actual[i], item));
  }
  if (typeof expected !== "object" || expected === null) return isDeepStrictEqual(actual, expected);
  if (typeof actual !== "object" || actual === null) return false;
  return Object.entries(expected).every(([key, value]) => contains((actual as Record<string, unknown>)[key], value));
}

const actionsOf = (events: readonly StoredEvent[]) => events.map((event) => event.action).join(", ") || "nothing";

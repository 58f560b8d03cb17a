import type { Delivery, EventDefinition } from "./event-definition.ts";
import { FAILURE_POLICIES, type FailurePolicy } from "./failure-policy.ts";

/** How the events of one definition are delivered, and what happens when they cannot be. */
export interface EventPolicy {
  readonly type: string;
  readonly action: string;
  readonly delivery: Delivery;
  readonly onStoreFailure: FailurePolicy;
}

/**
 * The failure policy of one definition. The most specific setting wins: the log's own for the action, the log's own for the type, the
 * definition's, then the delivery class: who waits for an event is refused, nobody else is.
 */
export function failurePolicyOf(
  definition: Pick<EventDefinition, "type" | "action" | "onStoreFailure">,
  delivery: Delivery,
  settings: Readonly<Record<string, FailurePolicy>> = {},
): FailurePolicy {
  return (
    settings[definition.action] ?? settings[definition.type] ?? definition.onStoreFailure ?? (delivery === "durable" ? "block" : "spool")
  );
}

/** All policies in one line for an operator: types by policy, and single actions where a type has several. */
export function policyLine(policies: readonly EventPolicy[]): string {
  const names: Record<FailurePolicy, string[]> = { block: [], spool: [], continue: [] };
  for (const [type, ofType] of Map.groupBy(policies, (policy) => policy.type)) {
    const byPolicy = [...Map.groupBy(ofType, (policy) => policy.onStoreFailure)].toSorted((a, b) => b[1].length - a[1].length);
    const [usual] = byPolicy[0]!;
    names[usual].push(type);
    for (const [policy, actions] of byPolicy.slice(1)) names[policy].push(...actions.map((one) => one.action));
  }
  const said = FAILURE_POLICIES.map((policy) => `${policy} ${names[policy].join(", ") || "nothing"}`);
  return `when the store fails: ${said.join("; ")}`;
}

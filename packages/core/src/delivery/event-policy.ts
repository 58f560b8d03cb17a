import type { Delivery, EventDefinition } from "../events/event-definition.ts";
import { FAILURE_POLICIES, type FailurePolicy } from "../events/failure-policy.ts";
import { TRAIL_EVENTS } from "../events/trail-events.ts";

/** Delivery class and failure policy of one definition. */
export interface EventPolicy {
  readonly type: string;
  readonly action: string;
  readonly delivery: Delivery;
  readonly onStoreFailure: FailurePolicy;
}

/**
 * Returns the failure policy of one definition. The most specific setting wins: the log's own for the action, then for the type, then
 * the definition's. Otherwise the delivery class decides: durable events block, background events spool.
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

const OWN: ReadonlySet<string> = new Set(TRAIL_EVENTS.map((event) => event.action));

/**
 * Returns the policies in one line for an operator: by type, by action if a type has several, and the most common one for the rest.
 * Records of the trail about itself are left out: no caller awaits them.
 */
export function policyLine(policies: readonly EventPolicy[]): string {
  const names: Record<FailurePolicy, string[]> = { block: [], spool: [], continue: [] };
  for (const [type, ofType] of Map.groupBy(
    policies.filter(({ action }) => !OWN.has(action)),
    (policy) => policy.type,
  )) {
    const byPolicy = [...Map.groupBy(ofType, (policy) => policy.onStoreFailure)].toSorted((a, b) => b[1].length - a[1].length);
    const [usual] = byPolicy[0]!;
    names[usual].push(type);
    for (const [policy, actions] of byPolicy.slice(1)) names[policy].push(...actions.map((one) => one.action));
  }
  const [common] = FAILURE_POLICIES.toSorted((a, b) => names[b].length - names[a].length);
  const others = FAILURE_POLICIES.filter((policy) => policy !== common && names[policy].length > 0);
  const said = [...others.map((policy) => `${policy} ${names[policy].toSorted().join(", ")}`), `${common} everything else`];
  return `when the store fails: ${said.join("; ")}`;
}

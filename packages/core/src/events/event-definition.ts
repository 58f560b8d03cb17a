import type { StandardSchemaV1 } from "@standard-schema/spec";
import { DaybookError } from "../daybook-error.ts";
import { BUILT_IN_TYPES, isActionName, isTypeName } from "./event-type.ts";
import { FAILURE_POLICIES, type FailurePolicy } from "./failure-policy.ts";
import { OUTCOMES, type Outcome } from "./outcome.ts";
import { SEVERITIES, type Severity } from "./severity.ts";

/** Delivery class. `durable`: the response of the request is held until the store has committed. `background`: nothing waits. */
export type Delivery = "durable" | "background";

/** A payload schema in the Standard Schema form (standardschema.dev), which zod, valibot, arktype and others implement. */
export type PayloadSchema = StandardSchemaV1;

/** One kind of event. Made by `defineEvent`, listed in a catalogue. */
export interface EventDefinition<
  Type extends string = string,
  Action extends string = string,
  Schema extends PayloadSchema | undefined = PayloadSchema | undefined,
> {
  readonly type: Type;
  readonly action: Action;
  readonly severity: Severity;
  readonly outcome: Outcome;
  readonly schema: Schema;
  readonly delivery: Delivery;
  /** Undefined: the delivery class decides. */
  readonly onStoreFailure: FailurePolicy | undefined;
  /** Paths into the payload that are erased with the person. Undefined if nothing was declared: then the whole payload is erased. */
  readonly personal: readonly string[] | undefined;
  readonly resourceId: "impersonal" | "personal";
  /** Retention class of a registered type, 1, 2, 3, 6, 7 or 64 to 127 (docs/ledger.md); undefined for built-in types. */
  readonly retention: number | undefined;
  /** Purpose of the event in one sentence; `daybook inventory` prints it. */
  readonly description: string | undefined;
}

/** Options of `defineEvent`. */
export interface DefineEventOptions<Type extends string, Action extends string, Schema extends PayloadSchema | undefined> {
  readonly type: Type;
  /** A dotted verb in the past, such as `book.uploaded`. */
  readonly action: Action;
  /** Default `info`. */
  readonly severity?: Severity;
  /** Outcome of a record that names none. Default `success`. */
  readonly outcome?: Outcome;
  /** Schema of `data`. Without one the event takes no `data`. */
  readonly data?: Schema;
  /**
   * Paths into `data` that are about a person, such as `["reader.name"]`. The top-level key of each is erased with the person; all
   * other keys stay. `[]` declares that nothing is personal. Without a list, everything in `data` can be erased.
   */
  readonly personal?: readonly string[];
  /** `impersonal` keeps `resource.id` when a person is erased. Default `personal`. */
  readonly resourceId?: "impersonal" | "personal";
  /** Default `durable` for consent, compliance, administrative and all critical events, otherwise `background`. */
  readonly delivery?: Delivery;
  /** What happens if the store does not take the event. Default `block` for durable events, `spool` for background events. */
  readonly onStoreFailure?: FailurePolicy;
  /** Retention class of a type that is not built in: 1, 2, 3, 6, 7 or 64 to 127. Default 1. */
  readonly retention?: number;
  readonly description?: string;
}

/**
 * Makes a typed event definition.
 * @throws {DaybookError} `BAD_DEFINITION` naming the field
 * @example
 * ```ts
 * import { createAuditLog, defineEvent, memoryStore } from "@daybook/core";
 * import { z } from "zod";
 *
 * const bookLent = defineEvent({
 *   type: "custom",
 *   action: "book.lent",
 *   data: z.object({ days: z.number().int(), reader: z.object({ name: z.string() }) }),
 *   personal: ["reader.name"],
 * });
 *
 * const audit = createAuditLog({ store: memoryStore(), catalogue: [bookLent] });
 * audit.record(bookLent, { data: { days: 28, reader: { name: "Ada" } } });
 * ```
 */
export function defineEvent<const Type extends string, const Action extends string, Schema extends PayloadSchema | undefined = undefined>(
  options: DefineEventOptions<Type, Action, Schema>,
): EventDefinition<Type, Action, Schema> {
  const { type, action, severity = "info", outcome = "success", personal, resourceId = "personal", retention } = options;
  const name = `${type}/${action}`;
  if (!isTypeName(type)) throw bad(name, "`type` is a lower-case name of 2 to 40 letters, digits and underscores");
  if (!isActionName(action))
    throw bad(name, "`action` is a dotted lower-case verb such as book.uploaded, at most 64 characters, not below ledger.");
  if (!SEVERITIES.includes(severity)) throw bad(name, `\`severity\` is one of ${SEVERITIES.join(", ")}`);
  if (!OUTCOMES.includes(outcome)) throw bad(name, `\`outcome\` is one of ${OUTCOMES.join(", ")}`);
  if (options.data !== undefined && typeof options.data["~standard"]?.validate !== "function") {
    throw bad(name, "`data` is a Standard Schema, such as a zod object");
  }
  if (options.onStoreFailure !== undefined && !FAILURE_POLICIES.includes(options.onStoreFailure)) {
    throw bad(name, `\`onStoreFailure\` is one of ${FAILURE_POLICIES.join(", ")}`);
  }
  const builtIn = (BUILT_IN_TYPES as readonly string[]).includes(type);
  if (retention !== undefined && (builtIn || !isRetentionClass(retention))) {
    throw bad(name, "`retention` is 1, 2, 3, 6, 7 or 64 to 127, and only for types that are not built in");
  }
  return Object.freeze({
    type,
    action,
    severity,
    outcome,
    schema: options.data as Schema,
    delivery: options.delivery ?? defaultDelivery(type, severity),
    onStoreFailure: options.onStoreFailure,
    personal,
    resourceId,
    retention: builtIn ? undefined : (retention ?? 1),
    description: options.description,
  });
}

/** Payload keys of one event that stay when its persons are erased (docs/privacy.md): all that begin no personal path. */
export function headKeysOf(definition: Pick<EventDefinition, "personal">, data: object | undefined): readonly string[] {
  if (definition.personal === undefined || data === undefined) return [];
  const personal = new Set(definition.personal.map((path) => path.split(".", 1)[0]!));
  return Object.keys(data).filter((key) => !personal.has(key));
}

const defaultDelivery = (type: string, severity: Severity): Delivery =>
  type === "compliance" || type === "admin_action" || severity === "critical" ? "durable" : "background";

const isRetentionClass = (n: number) => [1, 2, 3, 6, 7].includes(n) || (Number.isInteger(n) && n >= 64 && n <= 127);

const bad = (name: string, rule: string) => new DaybookError("BAD_DEFINITION", `In the definition of ${name}: ${rule}.`);

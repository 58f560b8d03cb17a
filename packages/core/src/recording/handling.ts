import { type EventPolicy, failurePolicyOf } from "../delivery/event-policy.ts";
import type { Delivery as SinkDelivery } from "../delivery/sink-delivery.ts";
import type { EventRank } from "../delivery/waiting-events.ts";
import type { Catalogue } from "../events/catalogue.ts";
import type { Delivery, EventDefinition } from "../events/event-definition.ts";
import type { FailurePolicy } from "../events/failure-policy.ts";
import type { Severity } from "../events/severity.ts";

/** How the events of one definition and severity are delivered. */
export interface Handling {
  readonly durable: boolean;
  readonly policy: FailurePolicy;
  readonly rank: EventRank;
  /** Deliveries whose sinks take the type. */
  readonly takers: readonly SinkDelivery[];
  /** Number of required sinks among them. */
  readonly required: number;
}

export interface HandlingsOptions {
  readonly deliveries: readonly SinkDelivery[];
  /** Delivery class by type, as the application set it. */
  readonly delivery: Readonly<Record<string, Delivery>> | undefined;
  /** Failure policy by type or action, as the application set it. */
  readonly onStoreFailure: Readonly<Record<string, FailurePolicy>> | undefined;
  readonly hasSpool: boolean;
}

/** A full queue drops these types last. */
const SECURITY_TYPES: ReadonlySet<string> = new Set([
  "access_control",
  "authentication",
  "suspicious_activity",
  "admin_action",
  "compliance",
]);

/** Decides how events are delivered, once for each definition and severity. */
export class Handlings {
  readonly #options: HandlingsOptions;
  readonly #known = new Map<EventDefinition, Partial<Record<Severity, Handling>>>();

  constructor(options: HandlingsOptions) {
    this.#options = options;
  }

  /** The definition has been used before: it is in the catalogue. */
  has(definition: EventDefinition): boolean {
    return this.#known.has(definition);
  }

  of(definition: EventDefinition, severity: Severity): Handling {
    return this.#known.get(definition)?.[severity] ?? this.#decide(definition, severity);
  }

  /** The policy of every definition of the catalogue, at its usual severity. */
  policies(catalogue: Catalogue): readonly EventPolicy[] {
    return catalogue.all().map((definition) => {
      const delivery = this.#deliveryOf(definition, definition.severity);
      const { type, action } = definition;
      return { type, action, delivery, onStoreFailure: this.#policyOf(definition, delivery) };
    });
  }

  #decide(definition: EventDefinition, severity: Severity): Handling {
    const delivery = this.#deliveryOf(definition, severity);
    const takers = this.#options.deliveries.filter((each) => each.takes(definition.type));
    const handling: Handling = {
      durable: delivery === "durable",
      policy: this.#policyOf(definition, delivery),
      rank: SECURITY_TYPES.has(definition.type) ? 2 : severity === "info" ? 0 : 1,
      takers,
      required: takers.filter(({ required }) => required).length,
    };
    this.#known.set(definition, { ...this.#known.get(definition), [severity]: handling });
    return handling;
  }

  #deliveryOf(definition: EventDefinition, severity: Severity): Delivery {
    return severity === "critical" ? "durable" : (this.#options.delivery?.[definition.type] ?? definition.delivery);
  }

  /** Without a spool, a durable event blocks its operation and a background event is dropped and counted. */
  #policyOf(definition: EventDefinition, delivery: Delivery): FailurePolicy {
    const policy = failurePolicyOf(definition, delivery, this.#options.onStoreFailure);
    if (policy !== "spool" || this.#options.hasSpool) return policy;
    return delivery === "durable" ? "block" : "continue";
  }
}

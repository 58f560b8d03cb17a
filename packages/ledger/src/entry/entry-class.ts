/** Retention classes of the built-in event types, by name. A registered type names its own class. */
export const CLASS = { system: 1, access: 2, admin: 3, consent: 4, compliance: 5, usage: 6, security: 7, ledger: 8 } as const;

/** Effect of an erasure request on a part: `erase` removes it, `keep` leaves it until retention removes it. */
export type OnRequest = "erase" | "keep";

/** The rules of one retention class, as the log itself records them. */
export interface ClassPolicy {
  /** Days the detachable parts are kept. In class 4 the days count from the end of the consent. */
  readonly persons_days: number;
  /** Days the heads are kept, at least `persons_days`. Default: for ever. */
  readonly heads_days?: number;
  /** Effect of a request by the actor on the actor's part. */
  readonly actor: OnRequest;
  /** The same for parts of subjects and targets, and for the context part. */
  readonly others: OnRequest;
  /** Legal ground of what is kept: a point of Art. 17 GDPR. */
  readonly ground?: string;
}

/** Rules by class number. */
export type Policy = Readonly<Record<string, ClassPolicy>>;

/** The default policy. Let a lawyer confirm its grounds and periods. */
export const DEFAULT_POLICY: Policy = {
  1: { persons_days: 365, heads_days: 365, actor: "erase", others: "erase" },
  2: { persons_days: 365, heads_days: 365, actor: "keep", others: "erase", ground: "17(1)(a)" },
  3: { persons_days: 365, heads_days: 365, actor: "keep", others: "erase", ground: "17(1)(a)" },
  4: { persons_days: 1095, heads_days: 1095, actor: "keep", others: "keep", ground: "17(3)(e)" },
  5: { persons_days: 1095, heads_days: 1095, actor: "keep", others: "erase", ground: "17(3)(b)" },
  6: { persons_days: 184, heads_days: 365, actor: "erase", others: "erase" },
  7: { persons_days: 180, heads_days: 365, actor: "keep", others: "erase", ground: "17(1)(a)" },
  8: { persons_days: 1095, actor: "keep", others: "keep", ground: "17(3)(b)" },
};

const CLASS_OF_TYPE: ReadonlyMap<string, number> = new Map([
  ["error", CLASS.system],
  ["ingestion", CLASS.system],
  ["index_update", CLASS.system],
  ["custom", CLASS.system],
  ["access_control", CLASS.access],
  ["admin_action", CLASS.admin],
  ["query", CLASS.usage],
  ["retrieval", CLASS.usage],
  ["generation", CLASS.usage],
  ["endpoint", CLASS.usage],
  ["authentication", CLASS.security],
  ["suspicious_activity", CLASS.security],
]);

/** Retention class of an event by its type and action, 1 to 7. A type that is not built in is class 1. */
export function classOf({ type, action }: { readonly type: string; readonly action: string }): number {
  if (type === "compliance") return action.startsWith("consent.") ? CLASS.consent : CLASS.compliance;
  return CLASS_OF_TYPE.get(type) ?? CLASS.system;
}

/** True for a class that an application's events may have: 1 to 7, or 64 to 127 for registered types. Class 8 is the ledger's own. */
export const isEventClass = (n: number): boolean => Number.isInteger(n) && ((n >= 1 && n <= 7) || (n >= 64 && n <= 127));

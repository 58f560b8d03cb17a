/** The classes of the built-in types; a registered type names its own. */
export const CLASS = { system: 1, access: 2, admin: 3, consent: 4, compliance: 5, usage: 6, security: 7, ledger: 8 } as const;

/** What happens to a part when the person it is about asks for erasure: it goes, or it stays until retention removes it. */
export type OnRequest = "erase" | "keep";

/** The rules of one class, as they are recorded in the log itself. */
export interface ClassPolicy {
  /** Days the detachable parts are kept. In class 4 they count from the end of the consent. */
  readonly persons_days: number;
  /** Days the heads are kept, at least `persons_days`; absent: for ever. */
  readonly heads_days?: number;
  readonly actor: OnRequest;
  /** Parts of subjects and targets, and the context part. */
  readonly others: OnRequest;
  /** Point of Art. 17 GDPR that what is kept rests on. */
  readonly ground?: string;
}

/** The rules in force, by class number. */
export type Policy = Readonly<Record<string, ClassPolicy>>;

/** What holds unless something else is configured. Grounds and periods are a lawyer's to confirm. */
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

/** Class of an event by its type and action; a type that is not built in is class 1 unless its definition names another. */
export function classOf({ type, action }: { readonly type: string; readonly action: string }): number {
  if (type === "compliance") return action.startsWith("consent.") ? CLASS.consent : CLASS.compliance;
  return CLASS_OF_TYPE.get(type) ?? CLASS.system;
}

/** Classes an application's events may have: 8 is the ledger's own, 64 to 127 are for registered types with a policy of their own. */
export const isEventClass = (n: number): boolean => Number.isInteger(n) && ((n >= 1 && n <= 7) || (n >= 64 && n <= 127));

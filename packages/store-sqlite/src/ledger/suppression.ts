import { type LedgerKeys, type SplitEntry, suppressionTag } from "@daybook/ledger";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { policyInForce } from "./recorded-policy.ts";

/** A row of `daybook_suppression`. The tag is keyed: only a holder of the key can link it to a person. */
export interface SuppressionRecord {
  /** Keyed tag of the person. */
  readonly tag: string;
  /** `all`, the only scope. */
  readonly scope: string;
  /** ISO 8601, UTC. */
  readonly before: string;
  /** ISO 8601, UTC. The record is deleted afterwards. */
  readonly until: string;
}

/**
 * Keeps erased persons erased. As long as a backup may hold them, an event from before the erasure gets the treatment
 * that the erasure would have given it.
 */
export interface Suppression {
  /** Newest time of an erasure in force; later events need no check. Undefined if no person is suppressed. */
  newest(): string | undefined;
  /**
   * The event without the parts of suppressed persons; undefined if it is refused, because its class erases the
   * actor.
   */
  apply(split: SplitEntry, time: string): SplitEntry | undefined;
}

export function suppressionOf(db: Sqlite, keys: LedgerKeys): Suppression {
  const newest = db.prepare<[], string | null>("SELECT max(before) FROM daybook_suppression WHERE scope = 'all'").pluck();
  const covering = db
    .prepare<[string, string], number>("SELECT 1 FROM daybook_suppression WHERE tag = ? AND scope = 'all' AND before >= ?")
    .pluck();
  return {
    newest: () => newest.get() ?? undefined,
    apply(split, time) {
      const gone = split.parts.filter(({ sub }) => sub !== undefined && covering.get(suppressionTag(keys, sub), time) !== undefined);
      if (gone.length === 0) return split;
      const policy = policyInForce(db)[String(split.class)] ?? { actor: "erase", others: "erase" };
      if (policy.actor === "erase" && gone.some(({ role }) => role === "actor")) return undefined;
      if (policy.others === "keep") return split;
      // A context part is removed with the first erased person.
      const others = gone.filter(({ role }) => role !== "actor");
      if (others.length === 0) return split;
      return { ...split, parts: split.parts.filter((part) => !others.includes(part) && part.role !== "context") };
    },
  };
}

/** Adds suppressions, or prolongs existing ones. */
export function mergeSuppressions(db: Sqlite, records: Iterable<SuppressionRecord>): void {
  const insert = db.prepare(
    `INSERT INTO daybook_suppression (tag, scope, before, until) VALUES (?, ?, ?, ?)
    ON CONFLICT (tag, scope) DO UPDATE SET before = max(before, excluded.before), until = max(until, excluded.until)
    WHERE excluded.before > before OR excluded.until > until`,
  );
  for (const { tag, scope, before, until } of records) insert.run(tag, scope, before, until);
}

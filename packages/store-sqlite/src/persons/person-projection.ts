import type { AuditEvent, JsonObject } from "@daybook/core";
import { type LedgerKeys, pseudonymOf, pseudonymsOf } from "@daybook/ledger";

/** The person a record is about, as the tables beside the ledger know persons. */
export interface ProjectedPerson {
  /** The pseudonym of the newest epoch. */
  readonly sub: string;
  /** Those of all live epochs. */
  readonly subs: readonly string[];
  /** The id as given; absent where pseudonyms are all that is kept. */
  readonly userId?: string;
}

/** A record that moves a table beside the ledger, as it is known when it is stored and when the table is made again. */
export interface ProjectedRecord {
  readonly seq: number;
  /** ISO time of the record. */
  readonly time: string;
  readonly action: string;
  /** Who did it; the person a record is about is its first subject, and where it has none, who acted. */
  readonly person: ProjectedPerson | undefined;
  readonly ip: string | undefined;
  readonly data: JsonObject;
}

export function projectedRecord(
  event: AuditEvent,
  seq: number,
  { keys, userIds }: { readonly keys: LedgerKeys; readonly userIds: "readable" | "pseudonymous" },
): ProjectedRecord {
  const id = event.subjects?.[0]?.id ?? event.actor.id;
  return {
    seq,
    time: event.time,
    action: event.action,
    person:
      id === undefined
        ? undefined
        : { sub: pseudonymOf(keys, id), subs: pseudonymsOf(keys, id), ...(userIds === "readable" ? { userId: id } : {}) },
    ip: event.actor.ip,
    data: event.data ?? {},
  };
}

/** Text of a payload field that may have been cut out or be of another kind; the projection never fails for it. */
export const textOf = (data: JsonObject, key: string): string | null => {
  const value = data[key];
  return typeof value === "string" ? value : null;
};

/** A list of pseudonyms as a statement takes it: `sub IN (SELECT value FROM json_each(?))`. */
export const subList = (subs: readonly string[]): string => JSON.stringify(subs);

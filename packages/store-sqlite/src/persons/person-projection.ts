import { hash } from "node:crypto";
import type { AuditEvent, JsonObject } from "@daybook/core";
import { type LedgerKeys, pseudonymOf, pseudonymsOf } from "@daybook/ledger";

/** The person of a record, as the tables beside the ledger identify persons. */
export interface ProjectedPerson {
  /** Pseudonym of the newest key epoch. */
  readonly sub: string;
  /** Pseudonyms of all live key epochs. */
  readonly subs: readonly string[];
  /** The id in clear; absent if only pseudonyms are kept. */
  readonly userId?: string;
}

/** A record that changes a projection, in the form that both storing and rebuilding have. */
export interface ProjectedRecord {
  readonly seq: number;
  /** ISO time of the record. */
  readonly time: string;
  readonly action: string;
  /** The first subject of the record. If the record has no subject, its actor. */
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

/** Text of a payload field. The field may be missing or of another type; a projection never fails because of it. */
export const textOf = (data: JsonObject, key: string): string | null => {
  const value = data[key];
  return typeof value === "string" ? value : null;
};

/** Pseudonyms as a statement takes them: `sub IN (SELECT value FROM json_each(?))`. */
export const subList = (subs: readonly string[]): string => JSON.stringify(subs);

const KEY_BYTES = 6;

/**
 * Key of a person in the indexes of consents and journals. SQLite copies the cells of an index while it splits pages,
 * and the copies stay in gaps after a row was removed. So an index has no pseudonym, but 48 bits of its hash.
 */
export const personKey = (sub: string): number =>
  Number.parseInt(hash("sha256", `daybook/find/v1\n${sub}`, "hex").slice(0, 2 * KEY_BYTES), 16);

/** Keys of persons as a statement takes them. */
export const personList = (subs: readonly string[]): string => JSON.stringify(subs.map(personKey));

/** A condition on rows of some persons; its parameters are `personList` and `subList`. */
export const OF_PERSONS = "person IN (SELECT value FROM json_each(?)) AND sub IN (SELECT value FROM json_each(?))";

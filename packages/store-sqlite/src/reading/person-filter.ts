import type { EventFilter } from "@daybook/core";
import { type LedgerKeys, pseudonymsOf } from "@daybook/ledger";
import type { LedgerRow } from "./stored-event.ts";

/** The filter names a person. */
export const isPersonal = (filter: EventFilter) => filter.user !== undefined || filter.actor !== undefined;

/** The filter without its persons. */
export const withoutPersons = ({ user: _user, actor: _actor, ...rest }: EventFilter): EventFilter => rest;

/** A reference has 8 bytes of a pseudonym, so a row matches only if its part has the whole pseudonym. */
export function personMatcher(filter: EventFilter, keys: LedgerKeys): (row: LedgerRow) => boolean {
  const actor = filter.actor === undefined ? undefined : new Set(pseudonymsOf(keys, filter.actor));
  const user = filter.user === undefined ? undefined : new Set(pseudonymsOf(keys, filter.user));
  const subOf = (text: string | null, role?: string) => {
    if (text === null) return undefined;
    const part = JSON.parse(text) as { sub?: string; role?: string };
    return role === undefined || part.role === role ? part.sub : undefined;
  };
  return (row) => {
    const acting = subOf(row.person, "actor");
    if (actor !== undefined && !(acting !== undefined && actor.has(acting))) return false;
    if (user === undefined) return true;
    if (acting !== undefined && user.has(acting)) return true;
    return row.others.some((text) => {
      const sub = subOf(text);
      return sub !== undefined && user.has(sub);
    });
  };
}

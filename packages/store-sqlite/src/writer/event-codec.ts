import type { EventCodec } from "@daybook/core/store";
import { type HoldScope, type LedgerKeys, type Policy, planErasure, pseudonymsOf, type SplitEntry } from "@daybook/ledger";
import { decodeLine, encodeHanded, holdsProjected } from "../encoding/batch-encoding.ts";
import type { FileWriter } from "./file-writer.ts";

/** What decides about the removal of a part: as for an erasure, the policy in force and the legal holds. */
export interface ErasureRules {
  readonly policy: Policy;
  readonly holds: readonly HoldScope[];
  /** Sequence number that the next entry gets. */
  readonly seq: number;
}

/**
 * Encodes events as the writer takes them, already split. In the spool, a person is found by pseudonym and removed as an erasure would
 * do it. With `userIds: "pseudonymous"`, no id reaches the disk this way either.
 * @param rules read again for each event that has a part of the person, because another process may change them
 */
export function sqliteCodec(writer: FileWriter, keys: LedgerKeys, rules: () => ErasureRules): EventCodec {
  const { userIds } = writer.settings;
  return {
    encode: (entry) => writer.encode(entry),
    refuse(text) {
      if (userIds === "readable" || !holdsProjected(text)) return undefined;
      return {
        code: "EVENT_REFUSED",
        hint: "A record about consent holds the id as given until it is stored, which this log keeps off the disk.",
      };
    },
    forget(text, persons) {
      const event = decodeLine(text);
      const gone = new Set(persons.flatMap((id) => pseudonymsOf(keys, id)));
      const split = withoutPersons(event.split, gone, rules);
      return split === event.split ? text : encodeHanded({ ...event, split });
    },
  };
}

/** The event without the parts that an erasure on request would remove (docs/ledger.md, classes). */
function withoutPersons(split: SplitEntry, gone: ReadonlySet<string>, rules: () => ErasureRules): SplitEntry {
  const isGone = (sub: string | undefined) => sub !== undefined && gone.has(sub);
  if (!split.parts.some(({ sub }) => isGone(sub))) return split;
  const { policy, holds, seq } = rules();
  const everyone = split.parts.flatMap(({ sub }) => (sub === undefined ? [] : [sub]));
  const found = split.parts.flatMap(({ role, sub }, at) => {
    // The head has no role and always stays.
    if (role === undefined || (role !== "context" && !isGone(sub))) return [];
    const subs = role === "context" ? everyone : everyone.filter((each) => each === sub);
    return [{ seq, part: at, class: split.class, role, subs }];
  });
  const removed = new Set(planErasure(found, policy, holds).erase.map(({ part }) => part));
  return removed.size === 0 ? split : { ...split, parts: split.parts.filter((_part, at) => !removed.has(at)) };
}

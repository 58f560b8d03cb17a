import type { EventCodec } from "@daybook/core/store";
import { DEFAULT_POLICY, type LedgerKeys, pseudonymsOf, type SplitEntry } from "@daybook/ledger";
import { decodeLine, encodeHanded, holdsProjected } from "../encoding/batch-encoding.ts";
import type { FileWriter } from "./file-writer.ts";

/**
 * Encodes events in the writer's form, already split. In the spool, a person is found by pseudonym and removed as by
 * an erasure. With `userIds: "pseudonymous"`, the spool contains no ids in clear.
 */
export function sqliteCodec(writer: FileWriter, keys: LedgerKeys, userIds: "readable" | "pseudonymous"): EventCodec {
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
      const split = withoutPersons(event.split, gone);
      return split === event.split ? text : encodeHanded({ ...event, split });
    },
  };
}

/**
 * Applies an erasure on request to an event (docs/ledger.md, classes). A context part is removed with the first
 * person.
 */
function withoutPersons(split: SplitEntry, gone: ReadonlySet<string>): SplitEntry {
  const policy = DEFAULT_POLICY[String(split.class)] ?? { actor: "erase", others: "erase" };
  const removed = split.parts.filter(
    ({ sub, role }) => sub !== undefined && gone.has(sub) && (role === "actor" ? policy.actor : policy.others) === "erase",
  );
  if (removed.length === 0) return split;
  return { ...split, parts: split.parts.filter((part) => !removed.includes(part) && part.role !== "context") };
}

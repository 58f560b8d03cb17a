import { DaybookError, type SpoolForm } from "@daybook/core";
import { DEFAULT_POLICY, type LedgerKeys, pseudonymsOf, type SplitEntry } from "@daybook/ledger";
import { decodeBatch, encodeHanded, type FlatBatch, type HandedEvent } from "./batch-encoding.ts";
import type { SharedWriter } from "./shared-writer.ts";

/**
 * Spooled events are kept as the writer takes them, already split: a person is found by pseudonym and removed as an erasure would
 * do it, and where user ids are pseudonymous no id reaches the disk this way either.
 */
export function sqliteSpoolForm(writer: SharedWriter, keys: LedgerKeys, userIds: "readable" | "pseudonymous"): SpoolForm {
  return {
    encode(entry) {
      const { flat, refused } = writer.encode([entry]);
      const [reason] = refused;
      if (reason !== undefined) throw Object.assign(new Error(reason.hint), reason);
      if (userIds === "pseudonymous" && decodeBatch(flat)[0]!.projected !== undefined) {
        throw new DaybookError(
          "EVENT_REFUSED",
          "A record about consent holds the id as given until it is stored, which this log keeps off the disk.",
        );
      }
      return JSON.stringify(flat);
    },
    append: (events) => writer.appendEncoded(events.flatMap(({ text }) => flatOf(text))),
    forget(text, persons) {
      const [event] = decodeBatch(flatOf(text));
      const gone = new Set(persons.flatMap((id) => pseudonymsOf(keys, id)));
      const split = withoutPersons(event!.split, gone);
      if (split === event!.split) return text;
      return JSON.stringify(encodeHanded({ ...event!, split } satisfies HandedEvent));
    },
  };
}

/** JSON has no `undefined` in a list. */
const flatOf = (text: string): FlatBatch => (JSON.parse(text) as (string | number | null)[]).map((value) => value ?? undefined);

/** What an erasure on request would leave of an event (docs/ledger.md, classes): a context part goes with the first person. */
function withoutPersons(split: SplitEntry, gone: ReadonlySet<string>): SplitEntry {
  const policy = DEFAULT_POLICY[String(split.class)] ?? { actor: "erase", others: "erase" };
  const removed = split.parts.filter(
    ({ sub, role }) => sub !== undefined && gone.has(sub) && (role === "actor" ? policy.actor : policy.others) === "erase",
  );
  if (removed.length === 0) return split;
  return { ...split, parts: split.parts.filter((part) => !removed.includes(part) && part.role !== "context") };
}

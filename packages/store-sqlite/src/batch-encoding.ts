import type { AuditEvent, SinkEntry } from "@daybook/core";
import type { PartRole, SplitEntry, SplitPart } from "@daybook/ledger";
import type { EventSplitter } from "./event-splitter.ts";
import { isProjected } from "./person-projection.ts";

/** An event as the writer gets it. */
export interface HandedEvent {
  readonly id: string;
  readonly time: string;
  readonly split: SplitEntry;
  /** The event itself, where a table beside the ledger follows it. */
  readonly projected: AuditEvent | undefined;
}

const ROLES: readonly PartRole[] = ["actor", "subject", "target", "context"];
const SEPARATOR = "\t";

/**
 * An event on its way to the writer, while it waits and in the spool, is one line of fields: id, time, the event itself where a table
 * follows it, class, number of parts, text of the head, and role, pseudonym and text of each other part. JSON without spaces holds
 * neither tabs nor line breaks.
 * @throws {LedgerError} for an event that can never be stored
 */
export function encodeEntry(entry: SinkEntry, splitter: EventSplitter): string {
  const { event } = entry;
  return line(event.id, event.time, isProjected(event) ? JSON.stringify(event) : "", splitter.split(entry));
}

/** An event that was decoded before, as `encodeEntry` would give it. */
export const encodeHanded = ({ id, time, split, projected }: HandedEvent): string =>
  line(id, time, projected === undefined ? "" : JSON.stringify(projected), split);

function line(id: string, time: string, projected: string, { class: entryClass, parts }: SplitEntry): string {
  let text = `${id}\t${time}\t${projected}\t${entryClass}\t${parts.length}\t${parts[0]!.text}`;
  for (let i = 1; i < parts.length; i++) {
    const { role, sub = "", text: part } = parts[i]!;
    text += `\t${ROLES.indexOf(role!)}\t${sub}\t${part}`;
  }
  return text;
}

/** True where the line holds a whole event, with ids as they were given. */
export const holdsProjected = (text: string): boolean => text.split(SEPARATOR, 3)[2] !== "";

export function decodeLine(text: string): HandedEvent {
  const [id, time, projected, entryClass, count, head, ...others] = text.split(SEPARATOR);
  const parts: SplitPart[] = [{ text: head! }];
  for (let i = 0; i < others.length; i += 3) {
    const role = ROLES[Number(others[i])]!;
    const sub = others[i + 1]!;
    const part = others[i + 2]!;
    parts.push(sub === "" ? { role, text: part } : { role, sub, text: part });
  }
  if (parts.length !== Number(count)) throw new Error(`an event of ${count} parts has ${parts.length}`);
  return {
    id: id!,
    time: time!,
    split: { class: Number(entryClass), parts },
    projected: projected === "" ? undefined : JSON.parse(projected!),
  };
}

/** @param lines each ended by a line feed, in UTF-8; their memory is given back at once */
export function decodeLines(lines: Uint8Array<ArrayBuffer>): HandedEvent[] {
  const texts = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString("utf8").split("\n");
  // Not the block other small buffers share.
  if (lines.byteLength === lines.buffer.byteLength) lines.buffer.transfer(0);
  texts.pop();
  return texts.map(decodeLine);
}

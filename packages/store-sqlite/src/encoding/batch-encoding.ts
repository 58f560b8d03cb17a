import type { AuditEvent } from "@daybook/core";
import type { SinkEntry } from "@daybook/core/store";
import type { PartRole, SplitEntry, SplitPart } from "@daybook/ledger";
import type { EventSplitter } from "./event-splitter.ts";
import { isProjected } from "./projected-event.ts";

/** An event in the form that the writer stores. */
export interface HandedEvent {
  readonly id: string;
  readonly time: string;
  readonly split: SplitEntry;
  /** The event itself, if a projection follows it. */
  readonly projected: AuditEvent | undefined;
}

const ROLES: readonly PartRole[] = ["actor", "subject", "target", "context"];
const SEPARATOR = "\t";
const LINE_FEED = 0x0a;

/**
 * Encodes an event as one line for the queue, the spool and the writer. Its fields are id, time, the event itself if
 * a projection follows it, class, number of parts, text of the head, and role, pseudonym and text of each other part.
 * JSON without spaces contains neither tabs nor line breaks.
 * @throws {LedgerError} for an event that can never be stored
 */
export function encodeEntry(entry: SinkEntry, splitter: EventSplitter): string {
  const { event } = entry;
  return line(event.id, event.time, isProjected(event) ? JSON.stringify(event) : "", splitter.split(entry));
}

/** Encodes a decoded event again, as `encodeEntry` does. */
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

/** True if the line contains a whole event, with ids in clear. */
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

/**
 * Decodes each event only when it is read. As objects, most events of a large batch would outlive a collection of the
 * young generation. The batch can be iterated repeatedly.
 */
export class HandedBatch implements Iterable<HandedEvent> {
  readonly #lines: Buffer<ArrayBuffer>;

  /** @param lines UTF-8, each ended by a line feed */
  constructor(lines: Uint8Array<ArrayBuffer>) {
    this.#lines = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength);
  }

  *[Symbol.iterator](): Iterator<HandedEvent> {
    for (let from = 0; from < this.#lines.length; ) {
      const end = this.#lines.indexOf(LINE_FEED, from);
      yield decodeLine(this.#lines.toString("utf8", from, end));
      from = end + 1;
    }
  }

  /** Frees the memory at once, if nothing else is in it. The batch is empty afterwards. */
  free(): void {
    // Not the block that other small buffers share.
    if (this.#lines.length === this.#lines.buffer.byteLength) this.#lines.buffer.transfer(0);
  }
}

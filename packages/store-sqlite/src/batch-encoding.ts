import type { AuditEvent, RefusedEvent, SinkEntry } from "@daybook/core";
import { isLedgerError, type PartRole, type SplitEntry, type SplitPart } from "@daybook/ledger";
import type { EventSplitter } from "./event-splitter.ts";
import { isProjected } from "./person-projection.ts";

/**
 * A batch on its way to the writer thread is one flat array of primitives: cloning that costs the request thread less than
 * cloning objects, JSON text or shared memory, as measured.
 */
export type FlatBatch = readonly (string | number | undefined)[];

export interface EncodedBatch {
  readonly flat: FlatBatch;
  /** Events that can never be stored. */
  readonly refused: RefusedEvent[];
}

/** An event as the writer gets it. */
export interface HandedEvent {
  readonly id: string;
  readonly time: string;
  readonly split: SplitEntry;
  /** The event itself, where a table beside the ledger follows it. */
  readonly projected: AuditEvent | undefined;
}

const ROLES: readonly PartRole[] = ["actor", "subject", "target", "context"];

export function encodeBatch(batch: readonly SinkEntry[], splitter: EventSplitter): EncodedBatch {
  const flat: (string | number | undefined)[] = [];
  const refused: RefusedEvent[] = [];
  for (const entry of batch) {
    const { event } = entry;
    let split: SplitEntry;
    try {
      split = splitter.split(entry);
    } catch (cause) {
      if (!isLedgerError(cause)) throw cause;
      refused.push({ id: event.id, code: cause.code, hint: cause.hint });
      continue;
    }
    pushHanded(flat, event.id, event.time, isProjected(event) ? JSON.stringify(event) : undefined, split);
  }
  return { flat, refused };
}

/** One event that was handed over before, as `encodeBatch` would give it. */
export function encodeHanded({ id, time, split, projected }: HandedEvent): FlatBatch {
  const flat: (string | number | undefined)[] = [];
  pushHanded(flat, id, time, projected === undefined ? undefined : JSON.stringify(projected), split);
  return flat;
}

function pushHanded(
  flat: (string | number | undefined)[],
  id: string,
  time: string,
  projected: string | undefined,
  split: SplitEntry,
): void {
  const { parts } = split;
  flat.push(id, time, projected, split.class, parts.length, parts[0]!.text);
  for (let i = 1; i < parts.length; i++) {
    const { role, sub, text } = parts[i]!;
    flat.push(ROLES.indexOf(role!), sub, text);
  }
}

export function decodeBatch(flat: FlatBatch): HandedEvent[] {
  const events: HandedEvent[] = [];
  let i = 0;
  while (i < flat.length) {
    const id = flat[i++] as string;
    const time = flat[i++] as string;
    const projected = flat[i++] as string | undefined;
    const entryClass = flat[i++] as number;
    const count = flat[i++] as number;
    const parts: SplitPart[] = [{ text: flat[i++] as string }];
    while (parts.length < count) {
      const role = ROLES[flat[i++] as number]!;
      const sub = flat[i++] as string | undefined;
      const text = flat[i++] as string;
      parts.push(sub === undefined ? { role, text } : { role, sub, text });
    }
    events.push({ id, time, split: { class: entryClass, parts }, projected: projected === undefined ? undefined : JSON.parse(projected) });
  }
  return events;
}

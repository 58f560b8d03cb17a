import { isLedgerError, parseCheckpoint, parseNote } from "@daybook/ledger";

/**
 * How far a note reaches. A log grows in size; after a restore it continues in a new generation, which may be
 * smaller.
 */
export interface Reach {
  readonly origin: string;
  readonly generation: number;
  readonly size: number;
}

/** @throws {LedgerError} `BAD_NOTE` */
export function reachOf(note: string): Reach {
  const { origin, size } = parseCheckpoint(parseNote(note).text);
  return { origin, generation: Number(/\/([1-9][0-9]*)$/.exec(origin)?.[1] ?? 0), size };
}

/** As `reachOf`; undefined if the text is no checkpoint. */
export function reachIfAny(note: string): Reach | undefined {
  try {
    return reachOf(note);
  } catch (cause) {
    if (!isLedgerError(cause)) throw cause;
    return undefined;
  }
}

export const isBeyond = (a: Reach, b: Reach): boolean => a.generation > b.generation || (a.generation === b.generation && a.size > b.size);

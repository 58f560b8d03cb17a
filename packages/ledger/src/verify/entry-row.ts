/** One part as it is stored beside its entry. A part opens only with both. */
export interface StoredPart {
  /** Number of the part, 0 to 254; 0 is the head. */
  readonly part: number;
  /** 32 bytes. */
  readonly salt: Uint8Array | null;
  /** UTF-8 of the canonical JSON text that the entry commits to. */
  readonly data: Uint8Array | null;
}

/** One row of a log: an entry, its seal and the parts that are still present. Parts are bytes, because decoding could hide an edit. */
export interface EntryRow {
  /** Sequence number, zero-based. */
  readonly seq: number;
  /** 6 + 32n bytes for n parts, see `encodeEntry`. */
  readonly entry: Uint8Array;
  /** 16 bytes, see `sealNext`. */
  readonly seal: Uint8Array;
  /** Salt of part 0, 32 bytes; null if the head is gone. */
  readonly salt0: Uint8Array | null;
  /** Part 0 in UTF-8; null if the head is gone. */
  readonly head: Uint8Array | null;
  /** Salt of part 1, 32 bytes, if the row itself stores part 1. */
  readonly salt1: Uint8Array | null;
  /** Part 1 in UTF-8, if the row itself stores part 1. */
  readonly person: Uint8Array | null;
  /** All other parts. */
  readonly others: readonly StoredPart[];
}

/** The parts of a row, the head first. */
export function storedParts({ salt0, head, salt1, person, others }: EntryRow): [head: StoredPart, ...detachable: StoredPart[]] {
  const inRow = salt1 === null && person === null ? [] : [{ part: 1, salt: salt1, data: person }];
  return [{ part: 0, salt: salt0, data: head }, ...inRow, ...others];
}

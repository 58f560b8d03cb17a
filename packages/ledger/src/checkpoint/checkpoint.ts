import { decodeBase64 } from "../encoding/base64.ts";
import { isKeyName, KEY_TYPE, type Vkey } from "../keys/vkey.ts";
import { LedgerError } from "../ledger-error.ts";
import { HASH_LENGTH } from "../merkle/merkle.ts";
import { type GoodSignature, openNote } from "./open-note.ts";
import { parseNote } from "./signed-note.ts";

/** A log's statement about its tree (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** Which log: `<name>/<generation>` for ours. */
  readonly origin: string;
  /** Number of entries, 0 to 2^53−1. */
  readonly size: number;
  /** Root of the tree of that size, 32 bytes. */
  readonly root: Uint8Array;
}

/** A checkpoint whose signatures were checked. */
export interface OpenedCheckpoint extends Checkpoint {
  /** Those of known keys, each of which holds; at least one is the log's own. */
  readonly signatures: readonly GoodSignature[];
}

export interface ParseCheckpointOptions {
  /** Let lines follow the root, as other logs may write. Ours never do. Default false. */
  readonly extensions?: boolean;
}

const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;

/**
 * The text of a checkpoint, to be signed by `signNote`: origin, size and root, one line each.
 * @param size number of entries, 0 to 2^53−1
 * @param root of the tree of that size, 32 bytes
 * @throws {LedgerError} `BAD_NOTE`
 */
export function formatCheckpoint(origin: string, size: number, root: Uint8Array): string {
  if (!isKeyName(origin))
    throw new LedgerError("BAD_NOTE", `${JSON.stringify(origin)} cannot be an origin: no spaces or "+", and not empty.`);
  if (!Number.isSafeInteger(size) || size < 0) throw new LedgerError("BAD_NOTE", `${size} is not the size of a tree.`);
  if (root.length !== HASH_LENGTH) throw new LedgerError("BAD_NOTE", `A root has ${HASH_LENGTH} bytes, not ${root.length}.`);
  return `${origin}\n${size}\n${Buffer.from(root).toString("base64")}\n`;
}

/**
 * Reads the text of a checkpoint. Says nothing about signatures: `openCheckpoint` does.
 * @param text of the note, see `parseNote`
 * @throws {LedgerError} `BAD_NOTE`
 */
export function parseCheckpoint(text: string, { extensions = false }: ParseCheckpointOptions = {}): Checkpoint {
  const [origin, size, encoded, ...others] = text.split("\n");
  if (others.pop() !== "" || !origin || size === undefined || encoded === undefined || others.includes("")) {
    throw new LedgerError("BAD_NOTE", "A checkpoint has the lines origin, size and root.");
  }
  if (others.length > 0 && !extensions) throw new LedgerError("BAD_NOTE", "The checkpoint has more than three lines.");
  if (!SIZE.test(size) || !Number.isSafeInteger(Number(size)))
    throw new LedgerError("BAD_NOTE", `${JSON.stringify(size)} is not the size of a tree.`);
  const root = decodeBase64(encoded);
  if (root?.length !== HASH_LENGTH) throw new LedgerError("BAD_NOTE", `${JSON.stringify(encoded)} is not a root: 32 bytes in base64.`);
  return { origin, size: Number(size), root };
}

/**
 * Opens a signed checkpoint of a Daybook log. It must be signed (type 0x01) by one of the given keys that is named like the origin;
 * a given key whose line does not hold refuses the note, whoever else signed it; lines of unknown keys are ignored.
 * @param vkeys trusted keys, of logs and of witnesses
 * @throws {LedgerError} `BAD_NOTE`: malformed; `UNTRUSTED_NOTE`: not signed by a trusted key, or a signature that does not hold
 */
export function openCheckpoint(note: string | Uint8Array, vkeys: readonly Vkey[]): OpenedCheckpoint {
  const parsed = parseNote(note);
  const checkpoint = parseCheckpoint(parsed.text);
  const signatures = openNote(parsed, vkeys);
  if (!signatures.some(({ vkey }) => vkey.type === KEY_TYPE.signature && vkey.name === checkpoint.origin)) {
    throw new LedgerError("UNTRUSTED_NOTE", `No trusted key of ${JSON.stringify(checkpoint.origin)} has signed this checkpoint.`);
  }
  return { ...checkpoint, signatures };
}

import { decodeBase64 } from "../encoding/base64.ts";
import { isKeyName, KEY_TYPE, type Vkey } from "../keys/vkey.ts";
import { LedgerError } from "../ledger-error.ts";
import { HASH_LENGTH } from "../merkle/merkle.ts";
import { type GoodSignature, openNote } from "./open-note.ts";
import { parseNote } from "./signed-note.ts";

/** A checkpoint: a log's statement about its tree (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** Identifies the log. Daybook writes `<name>/<generation>`. */
  readonly origin: string;
  /** Number of entries, 0 to 2^53−1. */
  readonly size: number;
  /** Root of the tree of that size, 32 bytes. */
  readonly root: Uint8Array;
}

/** A checkpoint whose signatures were checked. */
export interface OpenedCheckpoint extends Checkpoint {
  /** The signatures of known keys. Each holds, and at least one is the log's own. */
  readonly signatures: readonly GoodSignature[];
}

/** How strictly `parseCheckpoint` reads. */
export interface ParseCheckpointOptions {
  /** Accept further lines after the root, which other logs may write and Daybook never does. Default false. */
  readonly extensions?: boolean;
}

const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;

/**
 * The text of a checkpoint, to be signed by `signNote`: origin, size and root in base64, one line each (C2SP tlog-checkpoint).
 * @param size number of entries, 0 to 2^53−1
 * @param root of the tree of that size, 32 bytes
 * @returns three lines, each with its LF
 * @throws {LedgerError} `BAD_NOTE`: an origin with spaces or `+`, a size that is no safe integer, a root that is not 32 bytes
 * @example
 * ```ts
 * import { randomBytes } from "node:crypto";
 * import { Frontier, formatCheckpoint, leafHash, newKeys, openCheckpoint, parseVkey, signNote, vkeyOf } from "@daybook/ledger";
 *
 * const keys = newKeys("example.com/audit", randomBytes);
 * const tree = Frontier.empty();
 * tree.push(leafHash(Buffer.from("an entry")));
 * if (keys.sign !== undefined) {
 *   const text = formatCheckpoint("example.com/audit/1", tree.size, tree.root());
 *   const note = signNote(text, [{ name: "example.com/audit/1", key: keys.sign }]);
 *   console.log(openCheckpoint(note, [parseVkey(vkeyOf(keys, 1))]).size); // 1
 * }
 * ```
 */
export function formatCheckpoint(origin: string, size: number, root: Uint8Array): string {
  if (!isKeyName(origin))
    throw new LedgerError("BAD_NOTE", `${JSON.stringify(origin)} cannot be an origin: no spaces or "+", and not empty.`);
  if (!Number.isSafeInteger(size) || size < 0) throw new LedgerError("BAD_NOTE", `${size} is not the size of a tree.`);
  if (root.length !== HASH_LENGTH) throw new LedgerError("BAD_NOTE", `A root has ${HASH_LENGTH} bytes, not ${root.length}.`);
  return `${origin}\n${size}\n${Buffer.from(root).toString("base64")}\n`;
}

/**
 * Reads the text of a checkpoint (C2SP tlog-checkpoint) without checking a signature; `openCheckpoint` checks them.
 * @param text text of the note, see `parseNote`
 * @throws {LedgerError} `BAD_NOTE`: not the lines origin, size and root
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
 * Opens a signed checkpoint of a Daybook log. One of the given keys, named like the origin, must have signed it (type 0x01).
 * A signature line of a given key that does not hold refuses the whole note. Lines of unknown keys are ignored.
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

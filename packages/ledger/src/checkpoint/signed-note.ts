import { type KeyObject, sign } from "node:crypto";
import { decodeBase64 } from "../encoding/base64.ts";
import { isKeyName, makeVkey } from "../keys/vkey.ts";
import { LedgerError } from "../ledger-error.ts";

/** One signature line of a note, not yet checked. */
export interface NoteSignature {
  /** Name of the key that claims to have signed. */
  readonly name: string;
  /** Key id as 8 hex digits, see `keyId`. */
  readonly id: string;
  /** The bytes after the key id: 64 for an Ed25519 signature, 72 for a cosignature. */
  readonly signature: Uint8Array;
}

/** A parsed note (C2SP signed-note), its signatures not yet checked: see `openNote` and `openCheckpoint`. */
export interface SignedNote {
  /** The signed text, with its last LF and without the empty line that follows. */
  readonly text: string;
  /** At least 1, at most 16, in the order of the lines. */
  readonly signatures: readonly NoteSignature[];
}

/** A name and a private key that sign a note. */
export interface NoteSigner {
  /** Name of the key. A log signs under its origin. */
  readonly name: string;
  /** Private Ed25519 key. */
  readonly key: KeyObject;
}

const MAX_NOTE_BYTES = 64 * 1024;
const MAX_SIGNATURES = 16;
const ID_LENGTH = 4;
const CONTROL = /[^\P{Cc}\n]/u;
const LINE = /^— ([^ ]+) ([A-Za-z0-9+/=]+)$/u;

/**
 * Signs a text with Ed25519 (C2SP signed-note, signature type 0x01).
 * @param text ends with LF and has no other control character
 * @param signers at least one, at most 16
 * @returns the note: the text, an empty line, one line per signer
 * @throws {LedgerError} `BAD_NOTE`: another text, or no signer, or more than 16; `BAD_VKEY`: a key or name that cannot sign
 */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  checkText(text);
  if (signers.length === 0 || signers.length > MAX_SIGNATURES)
    throw new LedgerError("BAD_NOTE", `A note has 1 to ${MAX_SIGNATURES} signatures.`);
  const message = Buffer.from(text);
  return `${text}\n${signers.map(({ name, key }) => formatSignature(name, makeVkey(name, key).id, sign(null, message, key))).join("")}`;
}

/**
 * A signature line with its LF.
 * @param id key id, 8 hex digits
 */
export function formatSignature(name: string, id: string, signature: Uint8Array): string {
  return `— ${name} ${Buffer.concat([Buffer.from(id, "hex"), signature]).toString("base64")}\n`;
}

/**
 * Parses a note (C2SP signed-note). It is strict, because text that one reader skips may be believed by another: well-formed UTF-8, LF at
 * the end and no other control character, at most 64 KiB, 1 to 16 signatures, base64 with padding and zero spare bits.
 * @throws {LedgerError} `BAD_NOTE`
 */
export function parseNote(note: string | Uint8Array): SignedNote {
  const content = typeof note === "string" ? note : decodeUtf8(note);
  if (Buffer.byteLength(content) > MAX_NOTE_BYTES) throw new LedgerError("BAD_NOTE", "A note has at most 64 KiB.");
  checkText(content);
  const split = content.lastIndexOf("\n\n");
  if (split < 1) throw new LedgerError("BAD_NOTE", "No empty line between a text and its signatures.");
  const lines = content.slice(split + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw new LedgerError("BAD_NOTE", `A note has at most ${MAX_SIGNATURES} signatures.`);
  return { text: content.slice(0, split + 1), signatures: lines.map(parseSignature) };
}

/**
 * Parses one signature line, given without its LF.
 * @throws {LedgerError} `BAD_NOTE`
 */
export function parseSignature(line: string): NoteSignature {
  const [, name, encoded] = LINE.exec(line) ?? [];
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded);
  if (name === undefined || bytes === undefined || bytes.length <= ID_LENGTH || !isKeyName(name)) {
    throw new LedgerError("BAD_NOTE", `${JSON.stringify(line)} is not a signature line.`);
  }
  return { name, id: bytes.toString("hex", 0, ID_LENGTH), signature: bytes.subarray(ID_LENGTH) };
}

function checkText(text: string): void {
  if (!text.endsWith("\n")) throw new LedgerError("BAD_NOTE", "The text does not end with a line feed.");
  if (CONTROL.test(text)) throw new LedgerError("BAD_NOTE", "Control characters other than line feeds are not allowed.");
  if (!text.isWellFormed()) throw new LedgerError("BAD_NOTE", "The text holds half a character.");
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new LedgerError("BAD_NOTE", "The bytes are not UTF-8.", { cause });
  }
}

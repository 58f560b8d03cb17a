import { type KeyObject, sign, verify } from "node:crypto";
import { KEY_TYPE, makeVkey, type Vkey } from "../keys/vkey.ts";
import { LedgerError } from "../ledger-error.ts";
import { formatSignature, parseNote, parseSignature } from "./signed-note.ts";

/** The witness that vouches for a checkpoint, and the time it does. */
export interface Cosigner {
  /** Name of the witness's key. */
  readonly name: string;
  /** Private Ed25519 key, used for nothing else: the signed text does not name the witness. */
  readonly key: KeyObject;
  /** Seconds since the Unix epoch, whole. */
  readonly time: number;
}

const TIME_LENGTH = 8;
const SIGNATURE_LENGTH = 64;
const COSIGNATURE_LENGTH = TIME_LENGTH + SIGNATURE_LENGTH;

/**
 * A witness's signature line for a checkpoint (C2SP tlog-cosignature, type 0x04, Ed25519). It states that at this time the tree was the
 * largest consistent one the witness had seen of this log. The caller must have checked that.
 * @param note the signed checkpoint
 * @returns the line with its LF, to be added to the note by `addCosignatures`
 * @throws {LedgerError} `BAD_NOTE`: not a note, or not a time in whole seconds; `BAD_VKEY`: not an Ed25519 key
 */
export function cosign(note: string | Uint8Array, { name, key, time }: Cosigner): string {
  if (!Number.isSafeInteger(time) || time < 0) throw new LedgerError("BAD_NOTE", `${time} is not a time in whole seconds.`);
  const { text } = parseNote(note);
  const stamp = Buffer.alloc(TIME_LENGTH);
  stamp.writeBigUInt64BE(BigInt(time));
  return formatSignature(
    name,
    makeVkey(name, key, KEY_TYPE.cosignature).id,
    Buffer.concat([stamp, sign(null, signedText(text, BigInt(time)), key)]),
  );
}

/**
 * Checks a cosignature over the text of a note (C2SP tlog-cosignature).
 * @param signature bytes of a signature line after the key id: 8 bytes of time, 64 bytes of signature
 * @returns the time in seconds since the Unix epoch, or undefined if the signature does not hold
 */
export function verifyCosignature(text: string, vkey: Vkey, signature: Uint8Array): number | undefined {
  if (signature.length !== COSIGNATURE_LENGTH) return undefined;
  const time = timeOf(signature);
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return verify(null, signedText(text, time), vkey.key, signature.subarray(TIME_LENGTH)) ? Number(time) : undefined;
}

/**
 * Adds signature lines of witnesses to a note, each only once. For each witness the earliest and the latest line are kept: together they
 * show how long this checkpoint was the newest.
 * @param lines signature lines, each with its LF, already checked by the caller
 * @throws {LedgerError} `BAD_NOTE`: a malformed line, or more than 16 signatures
 */
export function addCosignatures(note: string, lines: readonly string[]): string {
  const { text, signatures } = parseNote(note);
  const kept: string[] = [];
  const witnesses = new Map<string, { line: string; time: bigint }[]>();
  const given = [
    ...signatures.map(({ name, id, signature }) => formatSignature(name, id, signature)),
    ...lines.map((line) => (line.endsWith("\n") ? line : `${line}\n`)),
  ];
  for (const line of new Set(given)) {
    const { name, id, signature } = parseSignature(line.slice(0, -1));
    kept.push(line);
    if (signature.length !== COSIGNATURE_LENGTH) continue;
    const key = `${name} ${id}`;
    witnesses.set(key, [...(witnesses.get(key) ?? []), { line, time: timeOf(signature) }]);
  }
  const dropped = new Set<string>();
  for (const same of witnesses.values()) {
    same.sort((a, b) => (a.time < b.time ? -1 : 1));
    for (const { line } of same.slice(1, -1)) dropped.add(line);
  }
  const result = `${text}\n${kept.filter((line) => !dropped.has(line)).join("")}`;
  parseNote(result);
  return result;
}

const timeOf = (signature: Uint8Array): bigint => Buffer.from(signature.subarray(0, TIME_LENGTH)).readBigUInt64BE();
const signedText = (text: string, time: bigint): Buffer => Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);

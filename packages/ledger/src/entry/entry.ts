import { hash } from "node:crypto";
import type { Random } from "../keys/random.ts";
import { LedgerError } from "../ledger-error.ts";
import { leafHash, sha256 } from "../merkle/merkle.ts";
import type { PartRole, SplitEntry, SplitPart } from "./split-entry.ts";

export const SALT_LENGTH = 32;
export const COMMITMENT_LENGTH = 32;
export const MOST_PARTS = 255;
/** Longest text of part 0, in bytes of UTF-8. */
export const LONGEST_HEAD = 8_192;
/** Longest text of any other part, in bytes of UTF-8. */
export const LONGEST_PART = 65_536;

const MAGIC = Buffer.from("dbk1", "latin1");
const PREFIX_LENGTH = MAGIC.length + 2;
const PART_DOMAIN = "daybook/part/v1\n";
const SALT_AT = PART_DOMAIN.length + 1;
const TEXT_AT = SALT_AT + SALT_LENGTH;

/** Input of a commitment: domain, part number, salt, text. UTF-8 has at most three bytes per UTF-16 unit. */
const input = Buffer.alloc(TEXT_AT + 3 * LONGEST_PART);
input.write(PART_DOMAIN, "latin1");

/** A part ready to be stored: its text and salt open the commitment in the entry. */
export interface PreparedPart {
  /** Absent for the head. */
  readonly role?: PartRole;
  /** Pseudonym of the person, if the part is about a known one. */
  readonly sub?: string;
  /** 32 bytes, to be stored beside the text and destroyed with it. */
  readonly salt: Uint8Array;
  /** Canonical JSON. */
  readonly text: string;
}

/** An entry ready to be stored. */
export interface PreparedEntry {
  /** Retention class, 1 to 255. */
  readonly class: number;
  /** 6 + 32n bytes for n parts. They are never erased. */
  readonly entry: Buffer<ArrayBuffer>;
  /** Leaf hash, 32 bytes: input of the Merkle tree and of the seal. */
  readonly leaf: Buffer<ArrayBuffer>;
  /** All parts, the head first. */
  readonly parts: readonly PreparedPart[];
}

/** The content of an entry's bytes. */
export interface DecodedEntry {
  /** Retention class, 1 to 255. */
  readonly class: number;
  /** 32 bytes for each part, the head's first; views of the decoded bytes. */
  readonly commitments: readonly Uint8Array[];
}

/**
 * Draws a salt for each part, commits to its text and encodes the entry.
 * @param random must be cryptographically secure, such as `randomBytes` of node:crypto
 * @throws {LedgerError} `TOO_LARGE`: a head over 8,192 bytes, another part over 65,536; `BAD_ENTRY`: class or number of parts out of range,
 * or a salt that is not 32 bytes
 * @example
 * ```ts
 * import { randomBytes } from "node:crypto";
 * import { CLASS, canonicalText, decodeEntry, prepareEntry } from "@daybook/ledger";
 *
 * const head = { text: canonicalText({ action: "book.lent" }) };
 * const { entry, leaf } = prepareEntry({ class: CLASS.system, parts: [head] }, randomBytes);
 * console.log(entry.length, leaf.length, decodeEntry(entry)?.class); // 38 32 1
 * ```
 */
export function prepareEntry(split: SplitEntry, random: Random): PreparedEntry {
  const count = split.parts.length;
  checkShape(split.class, count);
  let bytes = `dbk1${String.fromCharCode(split.class, count)}`;
  const parts = split.parts.map((part, k): PreparedPart => {
    const salt = random(SALT_LENGTH);
    bytes += commitmentOf(k, salt, part);
    return { ...part, salt };
  });
  // Commitments are text with one character for each byte, because a small Buffer costs more than a hash.
  const entry = Buffer.from(bytes, "latin1");
  return { class: split.class, entry, leaf: leafHash(entry), parts };
}

/** The commitment as text of 32 characters, one for each byte. */
function commitmentOf(k: number, salt: Uint8Array, { text }: SplitPart): string {
  const longest = k === 0 ? LONGEST_HEAD : LONGEST_PART;
  // Checked before writing, because `write` silently cuts text beyond the buffer.
  const end = text.length > longest ? Number.POSITIVE_INFINITY : TEXT_AT + input.write(text, TEXT_AT, "utf8");
  if (end - TEXT_AT > longest) {
    throw new LedgerError(
      "TOO_LARGE",
      `${k === 0 ? "The head" : `Part ${k}`} has more than ${longest} bytes; shorten what the event carries.`,
    );
  }
  if (salt.length !== SALT_LENGTH) throw new LedgerError("BAD_ENTRY", `A salt has ${SALT_LENGTH} bytes, not ${salt.length}.`);
  input[PART_DOMAIN.length] = k;
  input.set(salt, SALT_AT);
  return hash("sha256", input.subarray(0, end), "binary");
}

/**
 * Commitment to one part: SHA-256 over `daybook/part/v1` and LF, the part number as one byte, the salt, the bytes of the part.
 * @param part number of the part, 0 to 254
 * @param salt 32 bytes
 * @returns 32 bytes
 */
export function commitPart(part: number, salt: Uint8Array, bytes: Uint8Array): Buffer<ArrayBuffer> {
  if (salt.length !== SALT_LENGTH || bytes.length > LONGEST_PART)
    return sha256(Buffer.concat([Buffer.from(PART_DOMAIN, "latin1"), Uint8Array.of(part), salt, bytes]));
  input[PART_DOMAIN.length] = part;
  input.set(salt, SALT_AT);
  input.set(bytes, TEXT_AT);
  return sha256(input.subarray(0, TEXT_AT + bytes.length));
}

/**
 * Encodes an entry: `dbk1`, class, number of parts, commitments.
 * @returns 6 + 32n bytes for n parts
 * @throws {LedgerError} `BAD_ENTRY`: class or number of parts out of range, or a commitment that is not 32 bytes
 */
export function encodeEntry({ class: entryClass, commitments }: DecodedEntry): Buffer {
  checkShape(entryClass, commitments.length);
  if (commitments.some((commitment) => commitment.length !== COMMITMENT_LENGTH)) {
    throw new LedgerError("BAD_ENTRY", `A commitment has ${COMMITMENT_LENGTH} bytes.`);
  }
  return Buffer.concat([MAGIC, Uint8Array.of(entryClass, commitments.length), ...commitments]);
}

/** Decodes an entry; null if the bytes are not an entry of this format. */
export function decodeEntry(bytes: Uint8Array): DecodedEntry | null {
  const count = partCount(bytes);
  const entryClass = bytes[MAGIC.length];
  if (count === 0 || entryClass === undefined) return null;
  const commitments: Uint8Array[] = [];
  for (let k = 0; k < count; k++)
    commitments.push(bytes.subarray(PREFIX_LENGTH + COMMITMENT_LENGTH * k, PREFIX_LENGTH + COMMITMENT_LENGTH * (k + 1)));
  return { class: entryClass, commitments };
}

/** Number of parts of an entry, 1 to 255; 0 if the bytes are not an entry of this format. */
export function partCount(bytes: Uint8Array): number {
  const count = bytes[MAGIC.length + 1] ?? 0;
  const wellFormed =
    bytes[0] === 0x64 &&
    bytes[1] === 0x62 &&
    bytes[2] === 0x6b &&
    bytes[3] === 0x31 &&
    bytes[MAGIC.length] !== 0 &&
    bytes.length === PREFIX_LENGTH + COMMITMENT_LENGTH * count;
  return wellFormed ? count : 0;
}

/** True if salt and bytes open the commitment to this part of an entry. */
export function opens(entry: Uint8Array, part: number, salt: Uint8Array, bytes: Uint8Array): boolean {
  if (salt.length !== SALT_LENGTH || bytes.length > LONGEST_PART) return false;
  input[PART_DOMAIN.length] = part;
  input.set(salt, SALT_AT);
  input.set(bytes, TEXT_AT);
  const at = PREFIX_LENGTH + COMMITMENT_LENGTH * part;
  const digest = hash("sha256", input.subarray(0, TEXT_AT + bytes.length), "binary");
  if (entry.length < at + COMMITMENT_LENGTH) return false;
  const buffer = Buffer.isBuffer(entry) ? entry : Buffer.from(entry.buffer, entry.byteOffset, entry.length);
  return buffer.toString("latin1", at, at + COMMITMENT_LENGTH) === digest;
}

function checkShape(entryClass: number, count: number): void {
  if (!Number.isInteger(entryClass) || entryClass < 1 || entryClass > 255)
    throw new LedgerError("BAD_ENTRY", `A class is 1 to 255, not ${entryClass}.`);
  if (count < 1 || count > MOST_PARTS) throw new LedgerError("BAD_ENTRY", `An entry has 1 to ${MOST_PARTS} parts, not ${count}.`);
}

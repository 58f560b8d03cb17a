import { LibraryError } from "../library-error.ts";

export type TextEncodingName = "utf-8" | "utf-16le" | "utf-16be" | "latin-1" | "windows-1252";

export interface DecodedText {
  /** No byte order mark, lines end in "\n", no NUL and no U+FFFD. */
  readonly text: string;
  readonly encoding: TextEncodingName;
}

const MARKS: readonly { readonly encoding: TextEncodingName; readonly bytes: readonly number[] }[] = [
  { encoding: "utf-8", bytes: [0xef, 0xbb, 0xbf] },
  { encoding: "utf-16le", bytes: [0xff, 0xfe] },
  { encoding: "utf-16be", bytes: [0xfe, 0xff] },
];

// Windows-1252 leaves these five bytes without a character.
const UNASSIGNED = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);
// Of the letters of French or Danish prose far fewer are accented; in Cyrillic or Greek code pages nearly all seem to be.
const MOST_ACCENTED_SHARE = 0.25;

const refuse = (reason: string, cause?: unknown): LibraryError =>
  new LibraryError("UNREADABLE_FILE", reason, cause === undefined ? undefined : { cause });

function decodeAs(encoding: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw refuse(`the file is marked as ${encoding} but holds bytes that are not`, cause);
  }
}

const utf8OrUndefined = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined; // not UTF-8: the caller tries the single-byte encodings
  }
};

/** Length of the UTF-8 sequence of two or more bytes that starts at `at`, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  const length = first >= 0xf0 && first <= 0xf4 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length === 0 || first > 0xf4) return 0;
  for (let i = 1; i < length; i++) {
    const next = bytes[at + i];
    if (next === undefined || next < 0x80 || next > 0xbf) return 0;
  }
  return length;
}

interface HighBytes {
  readonly sequences: number;
  readonly strays: number;
  readonly firstStray: number;
  readonly unassigned: number;
  readonly windowsOnly: boolean;
}

function surveyHighBytes(bytes: Uint8Array): HighBytes {
  let [sequences, strays, firstStray, unassigned] = [0, 0, -1, -1];
  let windowsOnly = false;
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at]!;
    if (byte < 0x80) {
      at++;
      continue;
    }
    const length = sequenceLength(bytes, at);
    if (length > 0) sequences++;
    else {
      strays++;
      if (firstStray < 0) firstStray = at;
    }
    for (const end = at + Math.max(length, 1); at < end; at++) {
      const high = bytes[at]!;
      if (high < 0xa0) windowsOnly = true;
      if (unassigned < 0 && UNASSIGNED.has(high)) unassigned = at;
    }
  }
  return { sequences, strays, firstStray, unassigned, windowsOnly };
}

/** Share of accented letters among all letters, when the bytes are taken for Latin-1. */
function accentedShare(bytes: Uint8Array): number {
  let [plain, accented] = [0, 0];
  for (const byte of bytes) {
    if (byte >= 0xc0) accented++;
    else if ((byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)) plain++;
  }
  return accented === 0 ? 0 : accented / (plain + accented);
}

function decodeSingleByte(bytes: Uint8Array): DecodedText {
  const high = surveyHighBytes(bytes);
  if (high.sequences > high.strays) throw refuse(`the file is UTF-8 with a damaged byte at offset ${high.firstStray}`);
  if (high.unassigned >= 0) {
    const byte = bytes[high.unassigned]!.toString(16);
    throw refuse(`byte 0x${byte} at offset ${high.unassigned} fits neither UTF-8 nor Windows-1252`);
  }
  if (accentedShare(bytes) > MOST_ACCENTED_SHARE) throw refuse("the bytes fit neither UTF-8 nor a Western European encoding");
  return { text: new TextDecoder("windows-1252").decode(bytes), encoding: high.windowsOnly ? "windows-1252" : "latin-1" };
}

function decodeBytes(bytes: Uint8Array): DecodedText {
  const mark = MARKS.find((candidate) => candidate.bytes.every((byte, i) => bytes[i] === byte));
  if (mark !== undefined) return { text: decodeAs(mark.encoding, bytes.subarray(mark.bytes.length)), encoding: mark.encoding };
  if (bytes.includes(0)) throw refuse("the file holds NUL bytes: it is not plain text");
  const text = utf8OrUndefined(bytes);
  return text === undefined ? decodeSingleByte(bytes) : { text, encoding: "utf-8" };
}

/**
 * Decodes the text of a file. Its byte order mark tells the encoding, otherwise its bytes do. Latin-1 is read as
 * Windows-1252, which equals it for every printable character of Latin-1.
 * @throws {LibraryError} `UNREADABLE_FILE` instead of a guess: no character is replaced by U+FFFD
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  const { text, encoding } = decodeBytes(bytes);
  if (text.includes("\u0000")) throw refuse("the file holds NUL characters: it is not plain text");
  if (text.includes("\ufffd")) throw refuse("the file holds U+FFFD: it was damaged before it came here");
  if (/[\u0001-\u0008\u000e-\u001f\u007f]/.test(text)) throw refuse("the file holds control characters: it is not plain text");
  const lines = text
    .replace(/\ufeff/g, "")
    .replace(/\r\n?/g, "\n")
    .replace(/[\f\v]/g, "\n");
  return { text: lines, encoding };
}

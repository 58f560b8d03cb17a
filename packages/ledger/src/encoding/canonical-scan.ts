import { isUtf8 } from "node:buffer";
import { DEEPEST_LEVEL } from "./canonical-json.ts";

/** Text properties of an object that a verifier looks at. */
export interface PartLabels {
  readonly ts?: string;
  readonly late?: string;
  readonly sub?: string;
  readonly tenant?: string;
}

// State of the one scan that runs at a time. A verifier reads millions of parts; parsing and writing each again would be most of its work.
let source: Uint8Array = new Uint8Array(0);
let at = 0;
/** True if the last string has neither escapes nor characters beyond ASCII. */
let plain = true;
/** True once a byte beyond ASCII was read. */
let wide = false;
let labels: { -readonly [K in keyof PartLabels]: PartLabels[K] } = {};

/**
 * Checks that bytes are the canonical JSON text of an object (RFC 8785), without parsing it and writing it again.
 * @returns the labels of the object; undefined if the bytes are anything else
 */
export function scanCanonical(bytes: Uint8Array): PartLabels | undefined {
  source = bytes;
  at = 1;
  wide = false;
  labels = {};
  const canonical = bytes[0] === BRACE && object(1) && at === bytes.length && (!wide || isUtf8(bytes));
  source = NOTHING;
  return canonical ? labels : undefined;
}

const NOTHING = source;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
/** Letters of the short escapes: \b \t \n \f \r, quote and backslash. */
const LETTERS = new Set([...'btnfr"\\'].map((letter) => letter.charCodeAt(0)));
/** Other control characters are escaped as \u00xx in lower case. */
const ESCAPED_CONTROL = /^00(?:0[0-7bef]|1[0-9a-f])$/;

function value(level: number): boolean {
  switch (source[at++]) {
    case QUOTE:
      return string();
    case BRACE:
      return level < DEEPEST_LEVEL && object(level + 1);
    case BRACKET:
      return level < DEEPEST_LEVEL && array(level + 1);
    case 0x74:
      return word("rue");
    case 0x66:
      return word("alse");
    case 0x6e:
      return word("ull");
    default:
      at--;
      return number();
  }
}

/** Starts after the opening brace. */
function object(level: number): boolean {
  if (source[at] === BRACE_END) {
    at++;
    return true;
  }
  let last = -1;
  let lastEnd = -1;
  let lastPlain = true;
  for (;;) {
    if (source[at++] !== QUOTE) return false;
    const key = at;
    if (!string()) return false;
    const keyEnd = at - 1;
    const keyPlain = plain;
    if (
      last >= 0 &&
      !(lastPlain && keyPlain ? bytesAscend(last, lastEnd, key, keyEnd) : textOf(last - 1, lastEnd + 1) < textOf(key - 1, keyEnd + 1))
    )
      return false;
    if (source[at++] !== COLON) return false;
    const start = at;
    if (!value(level)) return false;
    if (level === 1 && source[start] === QUOTE) {
      for (const name of LABELS) if (is(name, key, keyEnd)) labels[name] = plain ? ascii(start + 1, at - 1) : textOf(start, at);
    }
    last = key;
    lastEnd = keyEnd;
    lastPlain = keyPlain;
    const next = source[at++];
    if (next === BRACE_END) return true;
    if (next !== COMMA) return false;
  }
}

/** Starts after the opening bracket. */
function array(level: number): boolean {
  if (source[at] === BRACKET_END) {
    at++;
    return true;
  }
  for (;;) {
    if (!value(level)) return false;
    const next = source[at++];
    if (next === BRACKET_END) return true;
    if (next !== COMMA) return false;
  }
}

/** Starts after the opening quote. */
function string(): boolean {
  plain = true;
  const bytes = source;
  for (let i = at; ; ) {
    const byte = bytes[i++];
    if (byte === QUOTE) {
      at = i;
      return true;
    }
    if (byte === undefined || byte < 0x20) return false;
    if (byte >= 0x80) {
      plain = false;
      wide = true;
    } else if (byte === BACKSLASH) {
      plain = false;
      const letter = bytes[i++];
      if (letter === 0x75) {
        if (!ESCAPED_CONTROL.test(ascii(i, i + 4))) return false;
        i += 4;
      } else if (letter === undefined || !LETTERS.has(letter)) return false;
    }
  }
}

function word(rest: string): boolean {
  if (ascii(at, at + rest.length) !== rest) return false;
  at += rest.length;
  return true;
}

function number(): boolean {
  const start = at;
  while (isDigit(source[at])) at++;
  // Most numbers are whole, and up to 15 digits they are exact.
  if (at > start && at - start <= 15 && !isNumeric(source[at])) return source[start] !== 0x30 || at === start + 1;
  while (isNumeric(source[at])) at++;
  if (at === start) return false;
  const text = ascii(start, at);
  const number = Number(text);
  return Number.isFinite(number) && String(number) === text;
}

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** Digits, signs, the point and the exponent. */
const isNumeric = (byte: number | undefined) => isDigit(byte) || byte === 0x2d || byte === 0x2e || byte === 0x2b || byte === 0x65;

/** Compares keys in ASCII, which sort like their bytes. */
function bytesAscend(a: number, aEnd: number, b: number, bEnd: number): boolean {
  let i = a;
  let k = b;
  while (i < aEnd && k < bEnd) {
    const difference = source[i++]! - source[k++]!;
    if (difference !== 0) return difference < 0;
  }
  return i === aEnd && k < bEnd;
}

const LABELS = ["ts", "late", "sub", "tenant"] as const;

function is(name: string, from: number, to: number): boolean {
  if (to - from !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (source[from + i] !== name.charCodeAt(i)) return false;
  return true;
}

const view = (from: number, to: number) =>
  Buffer.from(source.buffer, source.byteOffset + from, Math.max(0, Math.min(to, source.length) - from));

const ascii = (from: number, to: number): string => view(from, to).toString("latin1");

/** Decodes a string with its quotes. */
const textOf = (from: number, to: number): string => JSON.parse(view(from, to).toString("utf8"));

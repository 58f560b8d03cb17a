import { LedgerError } from "../ledger-error.ts";

/** Most levels of nested objects and arrays in canonical JSON. */
export const DEEPEST_LEVEL = 32;

/**
 * The canonical JSON text of a value (RFC 8785): keys in the order of their UTF-16 code units, numbers as ECMAScript writes them, no
 * white space. A property with the value `undefined` is left out; `__proto__` is an ordinary key.
 * @throws {LedgerError} `NOT_CANONICAL` for NaN, infinities, bigint, symbol, function, `undefined` or a hole in an array, text with
 * lone surrogates, an object that is neither plain nor an array, and more than 32 levels
 * @example
 * ```ts
 * import { canonicalText } from "@daybook/ledger";
 *
 * console.log(canonicalText({ b: 1, a: [true, null], c: undefined })); // {"a":[true,null],"b":1}
 * ```
 */
export function canonicalText(value: unknown): string {
  return isCanonical(value, 1) ? JSON.stringify(value) : textOf(value, 1, undefined, undefined);
}

/** The canonical JSON text of a value as UTF-8, see `canonicalText`. @throws {LedgerError} `NOT_CANONICAL` */
export const canonicalBytes = (value: unknown): Buffer<ArrayBuffer> => Buffer.from(canonicalText(value), "utf8");

/** The canonical JSON text of some properties of an object. */
export function canonicalTextOfKeys(object: object, keys: readonly string[]): string {
  return objectText(object as Readonly<Record<string, unknown>>, shapeOf(keys), 1);
}

/** True for an object made by a literal or by `JSON.parse`, or without a prototype. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * True if `JSON.stringify` writes exactly the canonical text. It is several times faster than building the text, and most objects have
 * their keys in order, so this check pays for itself.
 */
function isCanonical(value: unknown, level: number): boolean {
  switch (typeof value) {
    case "string":
      return value.isWellFormed();
    case "number":
      return Number.isFinite(value);
    case "boolean":
      return true;
    case "object":
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (level > DEEPEST_LEVEL || (value as { toJSON?: unknown }).toJSON !== undefined) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isCanonical(value[i], level + 1)) return false;
    return true;
  }
  if (!isPlainObject(value)) return false;
  let last: string | undefined;
  for (const key of Object.keys(value)) {
    if ((last !== undefined && key <= last) || !key.isWellFormed()) return false;
    last = key;
    const property = value[key];
    if (property !== undefined && !isCanonical(property, level + 1)) return false;
  }
  return true;
}

/** @param key name of the property, for messages. @param item index, if the value is in a list of that property */
function textOf(value: unknown, level: number, key: string | undefined, item: number | undefined): string {
  switch (typeof value) {
    case "string":
      return quoted(value, key, item);
    case "number":
      if (!Number.isFinite(value)) throw refused(key, item, String(value));
      return String(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      break;
    default:
      throw refused(key, item, typeof value);
  }
  if (value === null) return "null";
  if (level > DEEPEST_LEVEL) throw refused(key, item, `more than ${DEEPEST_LEVEL} levels deep`);
  if (Array.isArray(value)) {
    let text = "[";
    for (let i = 0; i < value.length; i++) text += (i === 0 ? "" : ",") + textOf(value[i], level + 1, key, i);
    return `${text}]`;
  }
  if (!isPlainObject(value)) throw refused(key, item, "an object of a class");
  return objectText(value, shapeOf(Object.keys(value)), level);
}

// Concatenation, never a sorted copy: JavaScript lists integer-like keys first, and assigning `__proto__` sets no property.
function objectText(object: Readonly<Record<string, unknown>>, { sorted, quoted: names }: Shape, level: number): string {
  let text = "{";
  for (let i = 0; i < sorted.length; i++) {
    const value = object[sorted[i]!];
    if (value === undefined) continue;
    if (text.length > 1) text += ",";
    text += names[i]! + textOf(value, level + 1, sorted[i], undefined);
  }
  return `${text}}`;
}

/** The keys of an object as the object lists them, sorted, and as JSON writes them. */
interface Shape {
  readonly keys: readonly string[];
  readonly sorted: readonly string[];
  /** Each with its quotes and colon. */
  readonly quoted: readonly string[];
}

const MOST_KEYS = 64;
const LONGEST_KEY = 64;
const MOST_FIRST_KEYS = 256;
const MOST_ALIKE = 8;
let shapes = new Map<string, Shape[]>();

// An application makes few kinds of objects, each many times, so sorted keys are cached by the first key.
function shapeOf(keys: readonly string[]): Shape {
  const first = keys[0];
  if (first === undefined) return EMPTY;
  let alike = shapes.get(first);
  if (alike !== undefined) {
    for (const shape of alike) if (sameKeys(shape.keys, keys)) return shape;
  }
  const sorted = [...keys].sort();
  const shape = { keys, sorted, quoted: sorted.map((key) => `${quotedKey(key)}:`) };
  // Objects with keys from user input, such as counts by name, do not come again.
  if (keys.length > MOST_KEYS || (alike !== undefined && alike.length === MOST_ALIKE) || keys.some((key) => key.length > LONGEST_KEY))
    return shape;
  if (alike === undefined) {
    if (shapes.size === MOST_FIRST_KEYS) shapes = new Map();
    alike = [];
    shapes.set(first, alike);
  }
  alike.push(shape);
  return shape;
}

const EMPTY: Shape = { keys: [], sorted: [], quoted: [] };

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Text that JSON writes without escapes. */
export const PLAIN_TEXT: RegExp = /^[ !#-[\]-~]*$/;

function quoted(text: string, key: string | undefined, item: number | undefined): string {
  if (PLAIN_TEXT.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw refused(key, item, "text with a lone surrogate");
  return JSON.stringify(text);
}

function quotedKey(key: string): string {
  if (!key.isWellFormed()) throw new LedgerError("NOT_CANONICAL", "In JSON to be stored, a key is text with a lone surrogate.");
  return JSON.stringify(key);
}

function refused(key: string | undefined, item: number | undefined, what: string): LedgerError {
  const place = `${item === undefined ? "" : `item ${item} of `}${key === undefined ? "the value" : `\`${key}\``}`;
  return new LedgerError("NOT_CANONICAL", `In JSON to be stored, ${place} is ${what}.`);
}

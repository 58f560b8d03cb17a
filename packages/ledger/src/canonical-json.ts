import { LedgerError } from "./ledger-error.ts";

/** An object or array inside more than this many others, itself counted, is refused. */
export const DEEPEST_LEVEL = 32;

/**
 * The canonical JSON text of a value (RFC 8785): keys in the order of their UTF-16 code units, numbers as ECMAScript writes them, no
 * white space. A property whose value is `undefined` is left out; `__proto__` is a key like any other.
 * @throws {LedgerError} `NOT_CANONICAL` for NaN, infinities, bigint, symbol, function, `undefined` or a hole in an array, text with
 * lone surrogates, an object that is neither plain nor an array, and more than 32 levels
 */
export function canonicalText(value: unknown): string {
  return isCanonical(value, 1) ? JSON.stringify(value) : textOf(value, 1, "the value");
}

/** The canonical JSON text of a value as UTF-8, see `canonicalText`. */
export const canonicalBytes = (value: unknown): Buffer<ArrayBuffer> => Buffer.from(canonicalText(value), "utf8");

/** The canonical JSON text of some properties of an object. */
export function canonicalTextOfKeys(object: object, keys: readonly string[]): string {
  return objectText(object as Readonly<Record<string, unknown>>, [...keys].sort(), 1);
}

/** A plain object: made by a literal, by `JSON.parse` or without a prototype. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * True where `JSON.stringify` writes exactly the canonical text. It is several times faster than building the text, and objects
 * with their keys in order are common: this is worth a look at every value.
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

function textOf(value: unknown, level: number, place: string): string {
  switch (typeof value) {
    case "string":
      return quoted(value, place);
    case "number":
      if (!Number.isFinite(value)) throw refused(place, String(value));
      return String(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      break;
    default:
      throw refused(place, typeof value);
  }
  if (value === null) return "null";
  if (level > DEEPEST_LEVEL) throw refused(place, `more than ${DEEPEST_LEVEL} levels deep`);
  if (Array.isArray(value)) {
    let text = "[";
    for (let i = 0; i < value.length; i++) text += (i === 0 ? "" : ",") + textOf(value[i], level + 1, `item ${i} of ${place}`);
    return `${text}]`;
  }
  if (!isPlainObject(value)) throw refused(place, "an object of a class");
  return objectText(value, Object.keys(value).sort(), level);
}

// Concatenation, never a sorted copy: JavaScript lists integer-like keys first, and assigning `__proto__` sets no property.
function objectText(object: Readonly<Record<string, unknown>>, sortedKeys: readonly string[], level: number): string {
  let text = "";
  for (const key of sortedKeys) {
    const value = object[key];
    if (value === undefined) continue;
    text += `${text === "" ? "" : ","}${quoted(key, "a key")}:${textOf(value, level + 1, `\`${key}\``)}`;
  }
  return `{${text}}`;
}

function quoted(text: string, place: string): string {
  if (!text.isWellFormed()) throw refused(place, "text with a lone surrogate");
  return JSON.stringify(text);
}

const refused = (place: string, what: string) => new LedgerError("NOT_CANONICAL", `In JSON to be stored, ${place} is ${what}.`);

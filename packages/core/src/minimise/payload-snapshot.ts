import type { JsonObject, JsonValue } from "../json.ts";
import { maskSecrets } from "./secret-masking.ts";

/** Text longer than this many characters is cut. */
const LONGEST_TEXT = 8_192;
/** Most bytes of the head and of a person part (docs/ledger.md has the limits of the parts). */
export const HEAD_BUDGET = 5_500;
export const PERSON_BUDGET = 48_000;
const DEEPEST = 16;
const MOST_KEYS = 1_000;

export interface Snapshot {
  readonly value: JsonObject;
  /** At least one value was cut, left out or replaced. */
  readonly changed: boolean;
  /** Number of masked secrets. */
  readonly masked: number;
  /** Estimated bytes of JSON text. */
  readonly bytes: number;
}

/**
 * Makes a JSON copy of a payload at once, so that a caller who changes the object later changes nothing recorded. It never fails. Text is
 * made well-formed and cut. A marker replaces a cycle, a deep level or an unreadable property. BigInt becomes text. Values beyond the
 * budget are left out. `__proto__` is an ordinary key.
 * @param budget most bytes of JSON text, counted as three per character that is not ASCII
 */
export function snapshot(source: object, budget: number): Snapshot {
  const copy = new Copy(budget);
  const value = copy.object(source, 1);
  return { value, changed: copy.changed, masked: copy.masked, bytes: copy.spent };
}

class Copy {
  changed = false;
  masked = 0;
  #left: number;
  readonly #budget: number;
  readonly #path: object[] = [];

  constructor(budget: number) {
    this.#budget = budget;
    this.#left = budget;
  }

  get spent(): number {
    return this.#budget - this.#left;
  }

  object(source: object, depth: number): JsonObject {
    const target: Record<string, JsonValue> = {};
    this.#left -= 2;
    const level = this.#path.push(source);
    let keys = 0;
    for (const key of Object.keys(source)) {
      if (++keys > MOST_KEYS || this.#left <= 0) {
        this.changed = true;
        break;
      }
      let value: JsonValue | undefined;
      try {
        value = this.#value((source as Record<string, unknown>)[key], depth);
      } catch {
        // A getter or toJSON of the application threw. The event is kept without the field.
        this.#path.length = level;
        value = this.#marker("[unreadable]");
      }
      if (value === undefined) continue;
      const name = this.#text(key, 256);
      this.#left -= 4;
      if (name === "__proto__") Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
      else target[name] = value;
    }
    this.#path.pop();
    return target;
  }

  #value(value: unknown, depth: number): JsonValue | undefined {
    switch (typeof value) {
      case "string":
        return this.#text(this.#mask(value), LONGEST_TEXT);
      case "boolean":
        this.#left -= 5;
        return value;
      case "number":
        this.#left -= 24;
        return Number.isFinite(value) ? value : this.#marker(String(value));
      case "bigint":
        return this.#text(value.toString(), LONGEST_TEXT);
      case "object":
        if (value !== null) return this.#nested(value, depth);
        this.#left -= 4;
        return null;
      default:
        return undefined;
    }
  }

  #nested(value: object, depth: number): JsonValue | undefined {
    if (this.#path.includes(value)) return this.#marker("[circular]");
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === "function") {
      this.#path.push(value);
      const plain = this.#value(toJSON.call(value), depth);
      this.#path.pop();
      return plain;
    }
    if (depth >= DEEPEST) return this.#marker("[too deep]");
    if (!Array.isArray(value)) return this.object(value, depth + 1);
    const items: JsonValue[] = [];
    this.#left -= 2;
    this.#path.push(value);
    for (const item of value) {
      if (this.#left <= 0 || items.length >= MOST_KEYS) {
        this.changed = true;
        break;
      }
      this.#left -= 1;
      items.push(this.#value(item, depth + 1) ?? this.#nothing());
    }
    this.#path.pop();
    return items;
  }

  #mask(text: string): string {
    // Free text has spaces. A text without spaces is an identifier or a code, and is recorded unchanged.
    if (text.length < 8 || !text.includes(" ")) return text;
    const { text: masked, count } = maskSecrets(text.length > LONGEST_TEXT ? text.slice(0, LONGEST_TEXT + 64) : text);
    if (text.length > LONGEST_TEXT) this.changed = true;
    this.masked += count;
    return masked;
  }

  #text(text: string, longest: number): string {
    let result = text;
    const room = Math.max(0, Math.min(longest, this.#left));
    if (result.length > room) {
      result = result.slice(0, room);
      this.changed = true;
    }
    if (!result.isWellFormed()) {
      result = result.toWellFormed();
      this.changed = true;
    }
    let cost = result.length + 2;
    for (let i = 0; i < result.length; i++) {
      const unit = result.charCodeAt(i);
      if (unit > 0x7f) cost += 2;
      else if (unit < 0x20) cost += 5;
      else if (unit === 0x22 || unit === 0x5c) cost += 1;
    }
    if (cost - 2 > this.#left && result.length > 0) {
      // Rare: text with many bytes per character near the end of the budget.
      const fit = Math.floor((this.#left / cost) * result.length);
      this.changed = true;
      result = result.slice(0, fit).toWellFormed();
      cost = this.#left;
    }
    this.#left -= cost;
    return result;
  }

  /** JSON arrays have no holes. */
  #nothing(): null {
    this.#left -= 4;
    return null;
  }

  #marker(text: string): string {
    this.changed = true;
    this.#left -= text.length + 2;
    return text;
  }
}

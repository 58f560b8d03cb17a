import type { JsonObject, JsonValue, StoredEvent } from "@daybook/core";
import { defined } from "@daybook/core/store";

/** A record for the person, without the data of other people. */
export interface DisclosedRecord {
  /** The record, with other people as `person 1`, `person 2`. */
  readonly record: StoredEvent;
  /** Paths of the values that were replaced or left out. */
  readonly redacted: readonly string[];
  /** Paths of free text in a record with other people in it: a human reads it before it is handed over. */
  readonly review: readonly string[];
}

const MOST_ALIASES = 100_000;
/** A shorter id, or a number, occurs in texts by chance. It is replaced only if it is the whole value. */
const SHORTEST_IN_TEXT = 4;

/**
 * Replaces other people by names that hold for one export, `person 1`, `person 2`, so that the same one can be recognised without
 * a name (GDPR, Art. 15(4)). Services keep their names, because they are not persons.
 */
export class OtherPeople {
  readonly #own: ReadonlySet<string>;
  readonly #aliases = new Map<string, string>();

  /** @param own all names of the person the export is for */
  constructor(own: readonly string[]) {
    this.#own = new Set(own);
  }

  /** Returns the record without the data of other people. */
  disclose(event: StoredEvent): DisclosedRecord {
    const redacted: string[] = [];
    const review: string[] = [];
    const { actor, subjects, request, tenant, data, error, resource, ...rest } = event;
    const others = this.#othersIn(event);
    const mineActs = actor?.id !== undefined && this.#own.has(actor.id);
    const kept: { -readonly [K in keyof StoredEvent]?: StoredEvent[K] } = { ...rest };
    if (actor !== undefined) {
      const { id, sub, sessionId, ip, userAgent, about, ...kind } = actor;
      if (mineActs || id === undefined || !isPerson(actor.kind)) kept.actor = actor;
      else {
        kept.actor = { ...kind, id: this.#alias(id) };
        redacted.push("actor.id");
        for (const [field, value] of Object.entries({ sessionId, ip, userAgent, about }))
          if (value !== undefined) redacted.push(`actor.${field}`);
      }
    }
    if (subjects !== undefined) {
      kept.subjects = subjects.map((subject, i) => {
        if (this.#own.has(subject.id)) return subject;
        redacted.push(`subjects.${i}.id`, ...(subject.about === undefined ? [] : [`subjects.${i}.about`]));
        return { id: this.#alias(subject.id), ...defined({ role: subject.role }) };
      });
    }
    // Request, trace and tenant belong to the actor.
    if (request !== undefined) {
      const { id, traceId, spanId, ...shape } = request;
      const someoneElses = actor !== undefined && !mineActs && isPerson(actor.kind) && actor.id !== undefined;
      kept.request = someoneElses ? shape : request;
      if (someoneElses)
        for (const [field, value] of Object.entries({ id, traceId, spanId })) if (value !== undefined) redacted.push(`request.${field}`);
    }
    if (tenant !== undefined) kept.tenant = this.#replaced(tenant, others, "tenant", redacted) as string;
    if (resource !== undefined) {
      kept.resource =
        resource.id === undefined ? resource : { ...resource, id: this.#replaced(resource.id, others, "resource.id", redacted) as string };
    }
    if (data !== undefined) kept.data = this.#replaced(data, others, "data", redacted) as JsonObject;
    if (error !== undefined) {
      kept.error =
        error.message === undefined
          ? error
          : { ...error, message: this.#replaced(error.message, others, "error.message", redacted) as string };
    }
    if (others.length > 0) {
      if (data !== undefined) review.push(...freeTexts(data, "data"));
      if (error?.message !== undefined) review.push("error.message");
    }
    return { record: kept as StoredEvent, redacted, review };
  }

  #othersIn({ actor, subjects = [] }: StoredEvent): string[] {
    const found = subjects.map(({ id }) => id);
    if (actor !== undefined && isPerson(actor.kind)) for (const id of [actor.id, actor.sub]) if (id !== undefined) found.push(id);
    const others = found.filter((id) => !this.#own.has(id));
    for (const id of others) this.#alias(id);
    return others;
  }

  #alias(id: string): string {
    const known = this.#aliases.get(id);
    if (known !== undefined) return known;
    if (this.#aliases.size >= MOST_ALIASES) return "another person";
    const alias = `person ${this.#aliases.size + 1}`;
    this.#aliases.set(id, alias);
    return alias;
  }

  /** The value without the other people of its event, and without those seen before whose id is not a common word. */
  #replaced(value: JsonValue, others: readonly string[], path: string, redacted: string[]): JsonValue {
    if (typeof value === "string") {
      const text = this.#withoutOthers(value, others);
      if (text !== value) redacted.push(path);
      return text;
    }
    if (Array.isArray(value))
      return (value as readonly JsonValue[]).map((item, i) => this.#replaced(item, others, `${path}.${i}`, redacted));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value as JsonObject).map(([key, item], i) => {
      const name = this.#withoutOthers(key, others);
      if (name !== key) redacted.push(`${path}.${i} (its name)`);
      return [name, item === undefined ? undefined : this.#replaced(item, others, `${path}.${name}`, redacted)] as const;
    });
    return Object.fromEntries(entries) as JsonObject;
  }

  #withoutOthers(text: string, others: readonly string[]): string {
    if (this.#own.has(text)) return text;
    if (others.includes(text)) return this.#alias(text);
    const known = this.#aliases.get(text);
    if (known !== undefined && isTelling(text)) return known;
    let result = text;
    for (const id of others) result = replaceWhole(result, id, this.#alias(id));
    return result.replace(/[^\s,;:'"()[\]{}<>]{4,512}/gu, (word) => {
      const alias = this.#own.has(word) || !isTelling(word) ? undefined : this.#aliases.get(word);
      return alias ?? word;
    });
  }
}

const isPerson = (kind: string | undefined) => kind === undefined || kind === "user" || kind === "anonymous";

const isTelling = (id: string) => id.length >= SHORTEST_IN_TEXT && !/^\d+$/.test(id);

/** Replaces an id that is a word of its own. */
function replaceWhole(text: string, id: string, by: string): string {
  if (!text.includes(id)) return text;
  const escaped = id.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, "gu"), () => by);
}

/** Paths of texts that are more than a code. */
function freeTexts(value: JsonValue | undefined, path: string): string[] {
  if (typeof value === "string") return /\s/.test(value.trim()) ? [path] : [];
  if (Array.isArray(value)) return (value as readonly JsonValue[]).flatMap((item, i) => freeTexts(item, `${path}.${i}`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value as JsonObject).flatMap(([key, item]) => freeTexts(item, `${path}.${key}`));
}

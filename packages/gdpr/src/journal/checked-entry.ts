import { DaybookError, type JsonObject } from "@daybook/core";
import { asError, type NewJournalEntry } from "@daybook/core/store";
import { isPersonId } from "../person/identity.ts";
import type { JournalEntryFields } from "./journal-options.ts";

/** A purpose, an activity or a type of a resource. */
export const CODE = /^[a-z][a-z0-9_.]{0,63}$/;
const LONGEST_QUERY = 4_000;
const LONGEST_ID = 512;
const LONGEST_DETAILS = 8_000;

type EntryFields = Pick<NewJournalEntry, "activity" | "query" | "resourceType" | "resourceId" | "collection" | "details">;

/** The fields of a valid entry, long texts cut. @throws {DaybookError} `BAD_EVENT` */
export function checkedEntry(userId: string, activity: string, { query, resource, collection, details }: JournalEntryFields): EntryFields {
  if (!isPersonId(userId)) throw bad("the id of a person", "text of 1 to 512 characters");
  if (typeof activity !== "string" || !CODE.test(activity)) throw bad("the activity", "a code such as search");
  let truncated = false;
  const cut = (value: unknown, longest: number) => {
    const text = String(value).toWellFormed();
    if (text.length <= longest) return text;
    truncated = true;
    return text.slice(0, longest).toWellFormed();
  };
  const kept: { -readonly [K in keyof EntryFields]: EntryFields[K] } = { activity };
  if (query !== undefined) kept.query = cut(query, LONGEST_QUERY);
  if (resource !== undefined) {
    if (!CODE.test(resource.type)) throw bad("`resource.type`", "a code such as book");
    kept.resourceType = resource.type;
    if (resource.id !== undefined) kept.resourceId = cut(resource.id, LONGEST_ID);
  }
  if (collection !== undefined) kept.collection = cut(collection, LONGEST_ID);
  let own: JsonObject | undefined;
  if (details !== undefined) {
    const text = jsonOf(details);
    if (text.length <= LONGEST_DETAILS) own = JSON.parse(text) as JsonObject;
    else truncated = true;
  }
  if (truncated) own = { ...own, truncated: true };
  if (own !== undefined) kept.details = own;
  return kept;
}

function jsonOf(details: unknown): string {
  if (typeof details !== "object" || details === null || Array.isArray(details)) throw bad("`details`", "an object");
  try {
    return JSON.stringify(details).toWellFormed();
  } catch (cause) {
    throw asError(cause, "BAD_EVENT", "`details` cannot be written as JSON");
  }
}

const bad = (what: string, rule: string) => new DaybookError("BAD_EVENT", `In a journal entry, ${what} must be ${rule}.`);

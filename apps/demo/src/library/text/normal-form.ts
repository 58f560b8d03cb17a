import { baseForm } from "../search/irregular-verbs.ts";
import { porterStem } from "../search/porter-stem.ts";

// A library repeats the same few thousand words, so each stem is computed once.
const MOST_REMEMBERED = 100_000;
const remembered = new Map<string, string>();

/** The common form of all forms of a word: "goes" and "went" give the same. */
export function normalForm(plain: string): string {
  const known = remembered.get(plain);
  if (known !== undefined) return known;
  const form = porterStem(baseForm(plain));
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(plain, form);
  return form;
}

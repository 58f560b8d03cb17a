import { normalForm } from "../text/normal-form.ts";
import { wordsOf } from "../text/words.ts";
import { baseForm, irregularForms } from "./irregular-verbs.ts";

const COMMON = new Set(
  `a an the and or but if of at by for with about to from in on into as than so too very no not is are was were be been being am do does did
  doing done have has had having can could will would shall should may might must i me my we us our you your he him his she her hers it its
  they them their this that these those there what which who whom whose why how when where because after before t s`.split(/\s+/),
);

// Words that ask rather than say: "what happened when", "how did she feel", "how many".
const ASKING = new Set("happen happened happens feel feels felt many much".split(" "));

// The limit keeps the cost of one search small, however long the query is.
const MOST_TERMS = 32;

export interface SearchTerm {
  readonly normal: string;
  /** The forms to look up in the full-text index, which stems them. */
  readonly forms: readonly string[];
  /** Position of the word in the query, to compare distances. */
  readonly place: number;
}

/** The telling words of a query in its order; all its words if none is telling. */
export function searchTerms(query: string): readonly SearchTerm[] {
  const words = wordsOf(query).map(({ plain }, place) => ({ plain, place }));
  const uncommon = words.filter(({ plain }) => !COMMON.has(plain));
  const telling = uncommon.filter(({ plain }) => !ASKING.has(plain));
  const chosen = [telling, uncommon, words].find((list) => list.length > 0) ?? [];
  const seen = new Map<string, SearchTerm>();
  for (const { plain, place } of chosen) {
    const normal = normalForm(plain);
    const base = baseForm(plain);
    if (!seen.has(normal)) seen.set(normal, { normal, place, forms: [...new Set([plain, base, ...irregularForms(base)])] });
  }
  return [...seen.values()].slice(0, MOST_TERMS);
}

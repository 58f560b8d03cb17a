import { normalForm } from "../text/normal-form.ts";
import { wordsOf } from "../text/words.ts";
import { searchTerms } from "./search-terms.ts";

const QUOTED_SENTENCES = 2;
const LONGEST_QUOTE = 500;

/** The consecutive sentences of a text that share most words with the question. */
export function quotePassage(body: string, question: string): string {
  const wanted = new Set(searchTerms(question).map(({ normal }) => normal));
  const sentences = body.split(/(?<=[.!?]["'’”)]?)\s+|\n\n+/).map((text) => ({
    text: text.replace(/\s+/g, " ").trim(),
    shared: wordsOf(text)
      .map(({ plain }) => normalForm(plain))
      .filter((normal) => wanted.has(normal)),
  }));
  let best = { at: 0, value: -1 };
  for (const at of sentences.keys()) {
    const shared = sentences.slice(at, at + QUOTED_SENTENCES).flatMap((sentence) => sentence.shared);
    // The first sentence decides between equals, so a quote does not begin one sentence early.
    const value = new Set(shared).size + (sentences[at]!.shared.length > 0 ? 0.5 : 0);
    if (value > best.value) best = { at, value };
  }
  const quote = sentences
    .slice(best.at, best.at + QUOTED_SENTENCES)
    .map(({ text }) => text)
    .join(" ");
  return quote.length <= LONGEST_QUOTE ? quote : `${quote.slice(0, LONGEST_QUOTE).replace(/\s\S*$/, "")} …`;
}

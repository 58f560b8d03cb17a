import { normalForm } from "../text/normal-form.ts";
import { type Word, wordsOf } from "../text/words.ts";

/** A run of text; `hit` if it is a searched word. Never markup: the page escapes and marks it. */
export interface SnippetPart {
  readonly text: string;
  readonly hit: boolean;
}

export const SNIPPET_WORDS = 40;
// A few words before the first hit let the reader find the sentence's beginning.
const LEAD_WORDS = 6;

/** Index of the first word of the window that holds the most distinct hits. */
function bestWindow(normals: readonly string[], wanted: ReadonlySet<string>): number {
  let best = { start: 0, value: -1 };
  for (const [start, normal] of normals.entries()) {
    if (!wanted.has(normal)) continue;
    const hits = normals.slice(start, start + SNIPPET_WORDS - LEAD_WORDS).filter((word) => wanted.has(word));
    const value = new Set(hits).size + hits.length / 1000;
    if (value > best.value) best = { start, value };
  }
  return Math.max(0, Math.min(best.start - LEAD_WORDS, normals.length - SNIPPET_WORDS));
}

function parts(text: string, words: readonly Word[], isHit: (word: Word) => boolean): readonly SnippetPart[] {
  const result: SnippetPart[] = [];
  let at = 0;
  for (const word of words) {
    if (!isHit(word)) continue;
    if (word.start > at) result.push({ text: text.slice(at, word.start), hit: false });
    result.push({ text: text.slice(word.start, word.end), hit: true });
    at = word.end;
  }
  return at < text.length ? [...result, { text: text.slice(at), hit: false }] : result;
}

/** The stretch of a text, about 40 words long, that shows most of the wanted normal forms. */
export function snippetOf(body: string, wanted: ReadonlySet<string>): readonly SnippetPart[] {
  const words = wordsOf(body);
  const normals = words.map(({ plain }) => normalForm(plain));
  const first = bestWindow(normals, wanted);
  const last = Math.min(first + SNIPPET_WORDS, words.length) - 1;
  const from = first === 0 ? 0 : words[first]!.start;
  const to = last + 1 >= words.length ? body.length : words[last]!.end;
  const shown = `${from > 0 ? "… " : ""}${body.slice(from, to).replace(/\s+/g, " ")}${to < body.length ? " …" : ""}`;
  return parts(shown, wordsOf(shown), (word) => wanted.has(normalForm(word.plain)));
}

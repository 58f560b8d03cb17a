export interface Word {
  /** Lower case, without accents and without a possessive "'s". */
  readonly plain: string;
  readonly start: number;
  readonly end: number;
}

const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const ASCII = /^[a-z0-9]*$/;

const folded = (word: string): string => {
  const lower = word.toLowerCase();
  return ASCII.test(lower) ? lower : lower.normalize("NFD").replace(/\p{M}/gu, "");
};

/** The words of a text with their places in it. The "s" of "king's" is no word. */
export function wordsOf(text: string): readonly Word[] {
  const words: Word[] = [];
  for (const match of text.matchAll(WORD)) {
    const plain = folded(match[0]);
    const start = match.index;
    if (plain === "s" && /[’']/.test(text[start - 1] ?? "")) continue;
    words.push({ plain, start, end: start + match[0].length });
  }
  return words;
}

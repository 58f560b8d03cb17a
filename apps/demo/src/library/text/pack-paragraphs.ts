import { countWords } from "./section-text.ts";

const FEWEST_WORDS = 150;
const ENOUGH_WORDS = 250;
const MOST_WORDS = 400;
// Bounds a section in scripts that put no space between words.
const MOST_CHARACTERS = 5_000;

const isLong = (text: string, words: number): boolean => words > MOST_WORDS || text.length > MOST_CHARACTERS;

/** Pieces of a text that nothing divides, cut after so many words and, where a word has no end, so many characters. */
function cut(text: string): readonly string[] {
  const words = text.split(/\s+/);
  const pieces: string[] = [];
  for (let at = 0; at < words.length; at += ENOUGH_WORDS) {
    const piece = words.slice(at, at + ENOUGH_WORDS).join(" ");
    for (let from = 0; from < piece.length; ) {
      const end = from + MOST_CHARACTERS;
      const splitsPair = /[\ud800-\udbff]/.test(piece[end - 1] ?? "") && end < piece.length;
      const to = splitsPair ? end - 1 : end;
      pieces.push(piece.slice(from, to));
      from = to;
    }
  }
  return pieces;
}

/** A paragraph that is too long for one section, packed anew from its sentences. */
function shortened(paragraph: string): readonly string[] {
  if (!isLong(paragraph, countWords(paragraph))) return [paragraph];
  const sentences = paragraph.split(/(?<=[.!?]["'’”)]?)\s+|\n/).filter((sentence) => sentence.trim() !== "");
  return packed(
    sentences.flatMap((sentence) => (isLong(sentence, countWords(sentence)) ? cut(sentence) : [sentence])),
    " ",
  );
}

function packed(parts: readonly string[], glue: string): readonly string[] {
  const packs: { parts: string[]; words: number; characters: number }[] = [];
  const add = (pack: (typeof packs)[number], part: string, words: number) => {
    pack.parts.push(part);
    pack.words += words;
    pack.characters += part.length + glue.length;
  };
  for (const part of parts) {
    const words = countWords(part);
    const last = packs.at(-1);
    const fits =
      last !== undefined &&
      last.words < ENOUGH_WORDS &&
      last.characters + part.length <= MOST_CHARACTERS &&
      (last.words + words <= MOST_WORDS || last.words < FEWEST_WORDS / 2);
    if (fits) add(last, part, words);
    else packs.push({ parts: [part], words, characters: part.length });
  }
  const [before, tail] = packs.slice(-2);
  if (
    before &&
    tail &&
    tail.words < FEWEST_WORDS &&
    before.words + tail.words <= MOST_WORDS &&
    before.characters + tail.characters < MOST_CHARACTERS
  ) {
    before.parts.push(...tail.parts);
    packs.pop();
  }
  return packs.map((pack) => pack.parts.join(glue));
}

/** Paragraphs of one chapter joined to texts of about 150 to 400 words; a short chapter is one text. */
export const packParagraphs = (paragraphs: readonly string[]): readonly string[] => packed(paragraphs.flatMap(shortened), "\n\n");

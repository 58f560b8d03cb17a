const CONSONANT = "[^aeiouy]";
const VOWEL = "[aeiouy]";
const SEQUENCE = new RegExp(`${VOWEL}+[^aeiouy]+`, "g");
const CVC = new RegExp(`^${CONSONANT}+${VOWEL}[^aeiouwxy]$`);

// "y" is a consonant at the start of a word and after a vowel; upper case marks it while the rules run.
const marked = (word: string): string => word.replace(/^y/, "Y").replace(/([aeiou])y/g, "$1Y");

/** How many vowel-consonant sequences a stem holds: "m" in Porter's paper. */
const measure = (stem: string): number => (stem.match(SEQUENCE) ?? []).length;
const hasVowel = (stem: string): boolean => /[aeiouy]/.test(stem);
const endsInDouble = (stem: string): boolean => /([^aeiouy])\1$/.test(stem);

// A longer string is no English word.
const LONGEST_WORD = 40;

const DERIVED: readonly (readonly [string, string])[] = [
  ["ational", "ate"],
  ["tional", "tion"],
  ["enci", "ence"],
  ["anci", "ance"],
  ["izer", "ize"],
  ["abli", "able"],
  ["alli", "al"],
  ["entli", "ent"],
  ["eli", "e"],
  ["ousli", "ous"],
  ["ization", "ize"],
  ["ation", "ate"],
  ["ator", "ate"],
  ["alism", "al"],
  ["iveness", "ive"],
  ["fulness", "ful"],
  ["ousness", "ous"],
  ["aliti", "al"],
  ["iviti", "ive"],
  ["biliti", "ble"],
];

const SHORTENED: readonly (readonly [string, string])[] = [
  ["icate", "ic"],
  ["ative", ""],
  ["alize", "al"],
  ["iciti", "ic"],
  ["ical", "ic"],
  ["ful", ""],
  ["ness", ""],
];

const DROPPED = /^(.*?)(ement|ance|ence|able|ible|ment|ant|ent|ism|ate|iti|ous|ive|ize|al|er|ic|ou|ion)$/;

function replaceEnding(word: string, endings: readonly (readonly [string, string])[]): string {
  for (const [ending, replacement] of endings) {
    if (!word.endsWith(ending)) continue;
    const stem = word.slice(0, -ending.length);
    return measure(stem) > 0 ? stem + replacement : word;
  }
  return word;
}

function withoutPlural(word: string): string {
  if (word.endsWith("sses")) return word.slice(0, -2);
  if (word.endsWith("ies")) return word.slice(0, -2);
  if (word.endsWith("ss")) return word;
  return word.endsWith("s") ? word.slice(0, -1) : word;
}

function withoutTense(word: string): string {
  if (word.endsWith("eed")) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
  const stem = /^(.*)(?:ed|ing)$/.exec(word)?.[1];
  if (stem === undefined || !hasVowel(stem)) return word;
  if (/(?:at|bl|iz)$/.test(stem)) return `${stem}e`;
  if (endsInDouble(stem) && !/[lsz]$/.test(stem)) return stem.slice(0, -1);
  return measure(stem) === 1 && CVC.test(stem) ? `${stem}e` : stem;
}

function withoutSuffix(word: string): string {
  const [, stem, ending] = DROPPED.exec(word) ?? [];
  if (stem === undefined || ending === undefined || measure(stem) <= 1) return word;
  if (ending === "ion" && !/[st]$/.test(stem)) return word;
  return stem;
}

function tidied(word: string): string {
  let result = word;
  if (result.endsWith("e")) {
    const stem = result.slice(0, -1);
    const size = measure(stem);
    if (size > 1 || (size === 1 && !CVC.test(stem))) result = stem;
  }
  return result.endsWith("ll") && measure(result) > 1 ? result.slice(0, -1) : result;
}

/**
 * The stem of a lower-case English word, so that "counted" and "counts" meet at "count".
 * Porter, "An algorithm for suffix stripping", Program 14(3), 1980.
 */
export function porterStem(word: string): string {
  if (word.length < 3 || word.length > LONGEST_WORD || !/^[a-z]+$/.test(word)) return word;
  let stem = withoutTense(withoutPlural(marked(word)));
  if (stem.endsWith("y") && hasVowel(stem.slice(0, -1))) stem = `${stem.slice(0, -1)}i`;
  stem = replaceEnding(stem, DERIVED);
  stem = replaceEnding(stem, SHORTENED);
  return tidied(withoutSuffix(stem)).toLowerCase();
}

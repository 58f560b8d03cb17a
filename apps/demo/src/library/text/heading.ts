const ROMAN = "(?=[IVXLCDM])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})";
const NUMBER = `(?:\\d+|${ROMAN}|THE \\w+|ONE|TWO|THREE|FOUR|FIVE|SIX|SEVEN|EIGHT|NINE|TEN|ELEVEN|TWELVE)`;
const NAMED = new RegExp(`^(?:CHAPTER|LETTER|BOOK|PART|ADVENTURE|ACT|SCENE|VOLUME|STAVE|CANTO|APPENDIX|SECTION)\\.? ${NUMBER}\\b`, "i");
const NUMBERED = new RegExp(`^(?:${ROMAN}|\\d{1,3})\\.?(?:\\s+[^a-z]+)?$`);
const SPOKEN_OR_SIGNED = /^["'“‘([*_]|^(?:[A-Z]\.)+$/;
const LONGEST_CHARACTERS = 160;
const LONGEST_LINES = 3;
const MOST_CAPITAL_WORDS = 10;

const isCapitals = (line: string): boolean =>
  /[A-Z]/.test(line) &&
  !SPOKEN_OR_SIGNED.test(line) &&
  !/\p{Ll}/u.test(line) &&
  !/[,;:]$/.test(line) &&
  line.split(/\s+/).length <= MOST_CAPITAL_WORDS;

/** A block of lines as a heading on one line; undefined if it is prose. */
export function headingOf(lines: readonly string[]): string | undefined {
  if (lines.length > LONGEST_LINES) return undefined;
  const line = lines.map((part) => part.trim()).join(" ");
  if (line.length > LONGEST_CHARACTERS) return undefined;
  if (NAMED.test(line) && !/[,;:]$/.test(line)) return line;
  return lines.length === 1 && (NUMBERED.test(line) || isCapitals(line)) ? line : undefined;
}

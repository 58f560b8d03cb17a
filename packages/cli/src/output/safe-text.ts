/** Control characters, and those that change the direction or the visibility of text. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** Text as it may appear on a terminal: what could move the cursor, hide or reorder is written as `\u{…}`. */
export const safeText = (text: string): string =>
  text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/** JSON of one line in which the same characters are escaped; what it says stays the same. */
export const safeJson = (value: unknown): string =>
  JSON.stringify(value).replace(UNSAFE, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`);

/** Text for a spreadsheet cell: line breaks and tabs may stay, CSV quotes them. */
export const safeCell = (text: string): string =>
  text.replace(UNSAFE, (character) => ("\t\n\r".includes(character) ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`));

/** Characters a spreadsheet takes for the beginning of a formula, in their wide forms too, after any blanks. */
const FORMULA = /^[\s\u00a0]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r|]/;

/** Puts an apostrophe before what a spreadsheet would run. */
export const guardFormula = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

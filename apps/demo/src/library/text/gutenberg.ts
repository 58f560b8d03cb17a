export interface GutenbergParts {
  /** Text around the book: header, credits and licence, as published. */
  readonly notice: string;
  readonly body: string;
  readonly title?: string;
  readonly author?: string;
}

const START = /^\*{3} ?START OF (?:THE|THIS) PROJECT GUTENBERG EBOOK[^\n]*$/im;
const END = /^(?:End of (?:the |this )?Project Gutenberg[^*]{0,300})?\*{3} ?END OF (?:THE|THIS) PROJECT GUTENBERG EBOOK/im;
const CREDIT = /^\s*Produced by [\s\S]*?\n\s*\n/;

/** "Title: Moby Dick; or The Whale", with the indented lines that carry it on. */
function headerField(header: string, name: string): string | undefined {
  const found = new RegExp(`^${name}: *([^\\n]+(?:\\n[ \\t]+[^\\n]+)*)`, "im").exec(header)?.[1];
  return found?.replace(/\s+/g, " ").trim() || undefined;
}

/** The parts of a Project Gutenberg file, or undefined for any other text. */
export function gutenbergParts(text: string): GutenbergParts | undefined {
  const start = START.exec(text);
  if (start === null) return undefined;
  const opening = text.slice(0, start.index + start[0].length);
  const rest = text.slice(opening.length);
  const end = END.exec(rest)?.index ?? rest.length;
  const credit = CREDIT.exec(rest.slice(0, end))?.[0] ?? "";
  const [title, author] = [headerField(opening, "Title"), headerField(opening, "Author")];
  return {
    notice: [opening, credit, rest.slice(end)]
      .map((part) => part.trim())
      .filter(Boolean)
      .join("\n\n"),
    body: rest.slice(credit.length, end),
    ...(title !== undefined && { title }),
    ...(author !== undefined && { author }),
  };
}

import { gutenbergParts } from "./gutenberg.ts";
import { headingOf } from "./heading.ts";
import type { SectionText } from "./section-text.ts";
import { splitMarkdown } from "./split-markdown.ts";
import { splitPlainText } from "./split-plain-text.ts";

export type BookFormat = "text" | "markdown";

/** A text ready for the shelf. */
export interface PreparedBook {
  readonly title?: string;
  readonly author?: string;
  readonly sections: readonly SectionText[];
  /** Header and licence of the file, readable but not searched; empty if there are none. */
  readonly notice: string;
}

/** The first heading of a text without a header. */
function firstHeading(text: string): string | undefined {
  const [block = ""] = text.trimStart().split(/\n[ \t]*\n/, 1);
  return headingOf(block.split("\n"));
}

/** Title, author, sections and notice of a decoded text. */
export function prepareBook(text: string, format: BookFormat): PreparedBook {
  if (format === "markdown") return { ...splitMarkdown(text), notice: "" };
  const { body, ...published } = gutenbergParts(text) ?? { body: text, notice: "" };
  const title = published.title ?? firstHeading(body);
  const sections = splitPlainText(body);
  return { ...published, ...(title !== undefined && { title }), sections };
}

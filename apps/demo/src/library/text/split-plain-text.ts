import { headingOf } from "./heading.ts";
import { packParagraphs } from "./pack-paragraphs.ts";
import type { SectionText } from "./section-text.ts";

// More headings in a row than this, with nothing between them, are a table of contents.
const MOST_NESTED_HEADINGS = 5;
// Lines of prose fill the page; shorter ones are verse or a list, whose line breaks stay.
const SHORTEST_PROSE_LINE = 50;

const isVerse = (lines: readonly string[]): boolean =>
  lines.length > 1 && lines.slice(0, -1).some((line) => line.trim().length < SHORTEST_PROSE_LINE);

const paragraphOf = (lines: readonly string[]): string =>
  lines.map((line) => line.trim().replace(/\s+/g, " ")).join(isVerse(lines) ? "\n" : " ");

interface Chapter {
  readonly heading: string;
  readonly paragraphs: string[];
}

function chaptersOf(text: string): readonly Chapter[] {
  const chapters: Chapter[] = [{ heading: "", paragraphs: [] }];
  let headings: string[] = [];
  const openChapter = () => {
    if (headings.length > MOST_NESTED_HEADINGS) {
      // The last heading of a table of contents is already the first of the book when both follow each other directly.
      chapters.push({ heading: "Contents", paragraphs: [headings.join("\n")] });
      chapters.push({ heading: headings.at(-1)!, paragraphs: [] });
    } else if (headings.length > 0) chapters.push({ heading: headings.join(" / "), paragraphs: [] });
    headings = [];
  };
  for (const block of text.split(/\n[ \t]*\n+/)) {
    const lines = block.split("\n").filter((line) => line.trim() !== "");
    if (lines.length === 0) continue;
    const heading = headingOf(lines);
    if (heading !== undefined) headings.push(heading);
    else {
      openChapter();
      chapters.at(-1)!.paragraphs.push(paragraphOf(lines));
    }
  }
  if (headings.length > 0) chapters.at(-1)!.paragraphs.push(headings.join("\n"));
  return chapters;
}

/** Sections of a plain text: chapters where headings tell them, then pieces at paragraph boundaries. */
export const splitPlainText = (text: string): readonly SectionText[] =>
  chaptersOf(text).flatMap(({ heading, paragraphs }) => packParagraphs(paragraphs).map((body) => ({ heading, body })));

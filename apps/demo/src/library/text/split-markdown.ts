import { packParagraphs } from "./pack-paragraphs.ts";
import type { SectionText } from "./section-text.ts";

const HEADING = /^ {0,3}(#{1,6})\s+(.+?)\s*#*$/;
const LONGEST_HEADING = 300;
const FENCE = /^ {0,3}(?:```|~~~)/;
const LIST_ITEM = /^\s*(?:[-*+]|\d+[.)])\s/;

/**
 * Words as a reader sees them: links by their text, emphasis and code without their marks.
 * No pattern may run past the next mark of its kind, or an uploaded line of open brackets would take hours.
 */
const plain = (line: string): string =>
  line
    .replace(/!?\[([^[\]]*)\]\([^()]*\)/g, "$1")
    .replace(/\*\*(?=\S)([^*]+)(?<=\S)\*\*/g, "$1")
    .replace(/__(?=\S)([^_]+)(?<=\S)__/g, "$1")
    .replace(/(?<![\w*])\*(?=\S)([^*]+)(?<=\S)\*(?![\w*])/g, "$1")
    .replace(/`([^`]+)`/g, "$1")
    .replace(/^\s*>\s?/, "");

const paragraphOf = (lines: readonly string[]): string => {
  const cleaned = lines.map((line) => plain(line).trimEnd());
  return cleaned.reduce((text, line) => (text === "" ? line.trim() : text + (LIST_ITEM.test(line) ? "\n" : " ") + line.trim()), "");
};

export interface MarkdownText {
  /** Text of the first level-one heading. */
  readonly title?: string;
  readonly sections: readonly SectionText[];
}

/** Sections of a Markdown text, one or more under each heading. Headings inside code fences are text. */
export function splitMarkdown(text: string): MarkdownText {
  const groups: { heading: string; paragraphs: string[] }[] = [{ heading: "", paragraphs: [] }];
  let title: string | undefined;
  let lines: string[] = [];
  let fenced: string[] | undefined;
  const endParagraph = () => {
    if (lines.length > 0) groups.at(-1)!.paragraphs.push(paragraphOf(lines));
    lines = [];
  };
  for (const line of text.split("\n")) {
    if (fenced !== undefined) {
      if (!FENCE.test(line)) fenced.push(line);
      else {
        if (fenced.length > 0) groups.at(-1)!.paragraphs.push(fenced.join("\n"));
        fenced = undefined;
      }
    } else if (FENCE.test(line)) {
      endParagraph();
      fenced = [];
    } else if (line.trim() === "") endParagraph();
    else {
      const [, marks, words] = (line.length <= LONGEST_HEADING && HEADING.exec(line)) || [];
      if (marks === undefined || words === undefined) lines.push(line);
      else {
        endParagraph();
        if (marks.length === 1) title ??= plain(words);
        groups.push({ heading: plain(words), paragraphs: [] });
      }
    }
  }
  endParagraph();
  if (fenced !== undefined && fenced.length > 0) groups.at(-1)!.paragraphs.push(fenced.join("\n"));
  const sections = groups.flatMap(({ heading, paragraphs }) => packParagraphs(paragraphs).map((body) => ({ heading, body })));
  return title === undefined ? { sections } : { title, sections };
}

import { describe, expect, it } from "vitest";
import { prepareBook } from "../src/library/text/prepare-book.ts";
import { countWords } from "../src/library/text/section-text.ts";

const prose = (words: number): string => Array.from({ length: words }, (_, index) => (index % 10 === 9 ? "word." : "word")).join(" ");

describe("cutting a plain text", () => {
  it("starts a section at each chapter and joins lines", () => {
    const lines = "It was a night on which no house in the whole of the town was dark,\nand rain fell.";
    expect(prepareBook(`CHAPTER I. The Night\n\n${lines}\n\nChapter 2\n\nMorning came.`, "text")).toEqual({
      title: "CHAPTER I. The Night",
      notice: "",
      sections: [
        { heading: "CHAPTER I. The Night", body: "It was a night on which no house in the whole of the town was dark, and rain fell." },
        { heading: "Chapter 2", body: "Morning came." },
      ],
    });
  });

  it("keeps the lines of verse", () => {
    const { sections } = prepareBook("The rain\n  came down\nand stayed\n\nfor tea", "text");
    expect(sections).toEqual([{ heading: "", body: "The rain\ncame down\nand stayed\n\nfor tea" }]);
  });

  it("takes a run of headings for a table of contents", () => {
    const contents = Array.from({ length: 6 }, (_, index) => `CHAPTER ${index + 1}. Far`).join("\n\n");
    const { sections } = prepareBook(`${contents}\n\nCHAPTER 1. Far\n\nOnce.`, "text");
    expect(sections.map(({ heading }) => heading)).toEqual(["Contents", "CHAPTER 1. Far"]);
  });

  it.each(["“WHO IS THERE?”", "I went home.", "Part of the story was told before.", "J.R."])("takes %j for prose", (line) => {
    expect(prepareBook(`${line}\n\nMore.`, "text").sections).toEqual([{ heading: "", body: `${line}\n\nMore.` }]);
  });

  it("cuts inside a paragraph only if it is too long", () => {
    const { sections } = prepareBook([prose(200), prose(120), prose(300), prose(1000)].join("\n\n"), "text");
    expect(sections.map(({ body }) => countWords(body))).toEqual([320, 300, 250, 250, 250, 250]);
  });

  it("cuts even a text without any sentence", () => {
    const { sections } = prepareBook("word ".repeat(900), "text");
    expect(sections.map(({ body }) => countWords(body))).toEqual([250, 250, 250, 150]);
  });

  it("cuts a text without spaces, never inside a character", () => {
    const { sections } = prepareBook(`x${"𐌀".repeat(6000)}`, "text");
    expect(sections.map(({ body }) => [body.length, body.isWellFormed()])).toEqual([
      [4999, true],
      [5000, true],
      [2002, true],
    ]);
  });

  it.each([
    ["open brackets", "["],
    ["open links", "[a]("],
    ["open emphasis", "**a "],
    ["spaces", "# a     "],
    ["one long word", "aeiou"],
    ["single letters", "a.b."],
    ["many words", "word "],
    ["empty lines", "\n \n"],
    ["quotation marks", '."'],
  ])("takes no longer for a line of %s", (_, part) => {
    const text = part.repeat(Math.ceil(1_000_000 / part.length));
    const started = performance.now();
    for (const format of ["text", "markdown"] as const) prepareBook(text, format);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe("cutting Markdown", () => {
  it("starts a section at each heading without marks", () => {
    const text = "# Tea *time*\n\nSee [the **pot**](http://example.com/x).\n\n## Steps\n\n- boil\n- pour\n\n```\n# not a heading\n```\n";
    expect(prepareBook(text, "markdown")).toEqual({
      title: "Tea time",
      notice: "",
      sections: [
        { heading: "Tea time", body: "See the pot." },
        { heading: "Steps", body: "- boil\n- pour\n\n# not a heading" },
      ],
    });
  });

  it("keeps a fence that is never closed", () => {
    expect(prepareBook("```\nlast words", "markdown").sections).toEqual([{ heading: "", body: "last words" }]);
  });
});

describe("a Project Gutenberg file", () => {
  const file = [
    "The Project Gutenberg EBook of Tea",
    "Title: Tea,\n       and Biscuits",
    "Author: A. Writer",
    "*** START OF THIS PROJECT GUTENBERG EBOOK TEA ***",
    "Produced by Volunteers",
    "Water boils.",
    "End of the Project Gutenberg EBook of Tea",
    "*** END OF THIS PROJECT GUTENBERG EBOOK TEA ***",
    "The licence.",
  ].join("\n\n");

  it("has title, author and a separate notice", () => {
    const { notice, ...book } = prepareBook(file, "text");
    expect(book).toEqual({ title: "Tea, and Biscuits", author: "A. Writer", sections: [{ heading: "", body: "Water boils." }] });
    expect(notice).toMatch(/^The Project[\s\S]*Produced by Volunteers[\s\S]*The licence\.$/);
  });
});

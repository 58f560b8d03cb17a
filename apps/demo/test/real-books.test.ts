import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeText } from "../src/library/text/decode-text.ts";
import { prepareBook } from "../src/library/text/prepare-book.ts";
import { countWords } from "../src/library/text/section-text.ts";
import { missingSharedData, sharedData } from "./support/shared-data.ts";

const BOOKS = [
  {
    file: "11-alice-in-wonderland.txt",
    encoding: "utf-8",
    title: "Alice’s Adventures in Wonderland",
    author: "Lewis Carroll",
    sections: 98,
  },
  { file: "120-treasure-island.txt", encoding: "utf-8", title: "Treasure Island", author: "Robert Louis Stevenson", sections: 250 },
  { file: "1232-the-prince.txt", encoding: "utf-8", title: "The Prince", author: "Nicolo Machiavelli", sections: 179 },
  { file: "132-art-of-war.txt", encoding: "utf-8", title: "The Art of War", author: "Sun Tzu", sections: 194 },
  { file: "1342-pride-and-prejudice.txt", encoding: "utf-8", title: "Pride and Prejudice", author: "Jane Austen", sections: 430 },
  {
    file: "1661-adventures-of-sherlock-holmes.latin1.txt",
    encoding: "latin-1",
    title: "The Adventures of Sherlock Holmes",
    author: "Arthur Conan Doyle",
    sections: 369,
  },
  { file: "2680-meditations.latin1.txt", encoding: "latin-1", title: "Meditations", author: "Marcus Aurelius", sections: 256 },
  { file: "2701-moby-dick.txt", encoding: "utf-8", title: "Moby Dick; or The Whale", author: "Herman Melville", sections: 759 },
  { file: "35-time-machine.txt", encoding: "utf-8", title: "The Time Machine", author: "H. G. Wells", sections: 113 },
  { file: "36-war-of-the-worlds.txt", encoding: "utf-8", title: "The War of the Worlds", author: "H. G. Wells", sections: 214 },
  {
    file: "84-frankenstein.txt",
    encoding: "utf-8",
    title: "Frankenstein or The Modern Prometheus",
    author: "Mary Wollstonecraft (Godwin) Shelley",
    sections: 260,
  },
  { file: "972-devils-dictionary.txt", encoding: "utf-8", title: "The Devil's Dictionary", author: "Ambrose Bierce", sections: 222 },
] as const;

const missing = missingSharedData("books");
const decoded = (file: string) => decodeText(readFileSync(sharedData(`books/${file}`)));
const prepared = (file: string) => prepareBook(decoded(file).text, "text");
const headings = (file: string) => [...new Set(prepared(file).sections.map(({ heading }) => heading))];

describe.skipIf(missing !== undefined)("a published book", () => {
  it.each(BOOKS)("$file is read and cut", ({ file, encoding, title, author, sections }) => {
    const book = prepared(file);
    expect({ encoding: decoded(file).encoding, title: book.title, author: book.author, sections: book.sections.length }).toEqual({
      encoding,
      title,
      author,
      sections,
    });
  });

  it.each(BOOKS)("$file keeps marks, lost letters and the licence out of its sections", ({ file }) => {
    const { sections, notice } = prepared(file);
    const text = sections.map(({ heading, body }) => `${heading}\n${body}`).join("\n");
    const unwanted = /[\ufeff\ufffd\r]|PROJECT GUTENBERG EBOOK|FULL PROJECT GUTENBERG LICENSE|^Produced by/gim;
    expect(text.match(unwanted)).toBeNull();
    expect([notice.includes("START OF TH"), notice.includes("General Terms of Use")]).toEqual([true, true]);
  });

  it.each(BOOKS)("$file has sections of readable size without lost words", ({ file }) => {
    const { text } = decoded(file);
    const { sections, notice } = prepared(file);
    const sizes = sections.map(({ body }) => countWords(body)).sort((a, b) => a - b);
    expect(sizes.at(-1)).toBeLessThanOrEqual(475);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeGreaterThan(250);
    const inHeadings = new Set(sections.map(({ heading }) => heading)).size;
    expect(sizes.reduce((sum, size) => sum + size, 0) + countWords(notice)).toBeGreaterThan(countWords(text) - inHeadings * 25);
  });

  it("in Latin-1 shows its accents", () => {
    const text = (file: string) =>
      prepared(file)
        .sections.map(({ body }) => body)
        .join("\n");
    const holmes = text("1661-adventures-of-sherlock-holmes.latin1.txt");
    expect(
      ["née ADLER", "Voilà tout!", "dénouement", "pâté de foie gras", "causes célèbres", "fiancé"].filter(
        (words) => !holmes.includes(words),
      ),
    ).toEqual([]);
    const meditations = text("2680-meditations.latin1.txt");
    expect(["Marc-Aurèle", "Trübner", "§ XV"].filter((words) => !meditations.includes(words))).toEqual([]);
  });

  it("is cut at its chapters", () => {
    expect(headings("1342-pride-and-prejudice.txt").slice(1)).toEqual(Array.from({ length: 61 }, (_, index) => `Chapter ${index + 1}`));
    expect(headings("2701-moby-dick.txt")).toContain("CHAPTER 42. The Whiteness of the Whale.");
    expect(headings("1661-adventures-of-sherlock-holmes.latin1.txt").filter((heading) => heading.startsWith("ADVENTURE "))).toHaveLength(6);
  });
});

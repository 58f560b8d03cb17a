import { describe, expect, it } from "vitest";
import type { Library } from "../src/library/library.ts";
import { temporaryLibrary } from "./support/temporary-library.ts";

const section = (body: string, heading = "") => ({ heading, body });

function stories(): Library {
  const library = temporaryLibrary();
  library.addCollection("Sea tales");
  library.addBook({
    title: "The Harbour",
    sections: [section("The cook fed the parrot at noon."), section("Ships came and ships went."), section("A café stood on the quay.")],
    collection: "sea-tales",
  });
  library.addBook({ title: "The Mill", sections: [section("The miller sold his donkey."), section("The donkey thought of the sea.")] });
  return library;
}

const found = (library: Library, query: string, options = {}) =>
  library.search(query, options).passages.map(({ title, position }) => `${title} ${position}`);

describe("searching", () => {
  it("ranks the right section of a question first", () => {
    expect(found(stories(), "Who did the miller sell?")[0]).toBe("The Mill 1");
  });

  it("finds irregular and accented forms of a word", () => {
    const library = stories();
    expect(found(library, "feeding parrots")).toEqual(["The Harbour 1"]);
    expect(found(library, "think")).toEqual(["The Mill 2"]);
    expect(found(library, "CAFE")).toEqual(["The Harbour 3"]);
  });

  it("can be limited to a collection or book", () => {
    const library = stories();
    expect(found(library, "donkey parrot", { collection: "sea-tales" })).toEqual(["The Harbour 1"]);
    expect(found(library, "donkey parrot", { book: 2 })).toEqual(["The Mill 1", "The Mill 2"]);
    expect(found(library, "donkey", { collection: "no-such" })).toEqual([]);
  });

  it("ranks adjacent words before distant ones", () => {
    const library = temporaryLibrary();
    library.addBook({
      title: "A",
      sections: [section("The red sun set over one old boat."), section("The old red boat set out at sun up.")],
    });
    expect(found(library, "red boat")).toEqual(["A 2", "A 1"]);
  });

  it("counts a word of the title", () => {
    const library = temporaryLibrary();
    for (const title of ["Otters", "Badgers"]) library.addBook({ title, sections: [section(`They sleep by day. ${title[0]}`)] });
    expect(found(library, "sleep of badgers")[0]).toBe("Badgers 1");
  });

  it("pages through the results", () => {
    const library = temporaryLibrary();
    library.addBook({ title: "Log", sections: Array.from({ length: 5 }, (_, day) => section(`Whale seen on day ${day}.`)) });
    const first = library.search("whale", { limit: 2 });
    const last = library.search("whale", { limit: 2, offset: 4 });
    expect([first.passages.length, first.more, last.passages.length, last.more]).toEqual([2, true, 1, false]);
  });

  it("marks word forms in an unchanged snippet", () => {
    const [passage] = stories().search("did the cook feed <parrots>?").passages;
    expect(passage?.snippet).toEqual([
      { text: "The ", hit: false },
      { text: "cook", hit: true },
      { text: " ", hit: false },
      { text: "fed", hit: true },
      { text: " the ", hit: false },
      { text: "parrot", hit: true },
      { text: " at noon.", hit: false },
    ]);
  });

  it("cuts a long text to its best passage", () => {
    const library = temporaryLibrary();
    library.addBook({ title: "Long", sections: [section(`${"grey ".repeat(200)}heron stood ${"grey ".repeat(100)}`)] });
    const snippet = library
      .search("heron")
      .passages[0]!.snippet.map(({ text }) => text)
      .join("");
    expect(snippet).toMatch(/^… (?:grey ){6}heron stood (?:grey )+…$/);
    expect(snippet.split(" ").length).toBeLessThan(50);
  });

  it.each(["", "   ", "?!", "''", "\u0000"])("finds nothing for %j", (query) => {
    expect(stories().search(query)).toEqual({ passages: [], more: false });
  });

  it.each(['"', "donkey AND", "NEAR(donkey", "title:donkey", "donkey*", "-donkey", "donkey' OR 1=1 --", "(donkey", "^donkey", "{donkey}"])(
    "takes the query language of the index for plain words: %j",
    (query) => {
      expect(found(stories(), query)).toEqual(query === '"' ? [] : ["The Mill 1", "The Mill 2"]);
    },
  );

  it("answers a question of common words alone", () => {
    const library = temporaryLibrary();
    library.addBook({ title: "Riddle", sections: [section("Who are you? asked the gate.")] });
    expect(found(library, "Who are you?")).toEqual(["Riddle 1"]);
  });

  it("stays fast in a hostile text", () => {
    const library = temporaryLibrary();
    library.addBook({ title: "Mill", text: "red boat ".repeat(500_000) });
    const started = performance.now();
    library.search(`red boat ${"boat red ".repeat(1000)}`);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it("forgets a removed book and a removed collection", () => {
    const library = stories();
    library.removeBook(2);
    expect(found(library, "donkey")).toEqual([]);
    library.removeCollection("sea-tales");
    expect(found(library, "parrot")).toEqual([]);
  });
});

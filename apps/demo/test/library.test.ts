import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openLibrary } from "../src/library/library.ts";
import { refusalOf } from "./support/refusal-of.ts";
import { temporaryFolder, temporaryLibrary } from "./support/temporary-library.ts";

const text = (words: string) => ({ title: words, text: words });

describe("adding a book", () => {
  it("takes title and author from the text by default", () => {
    const library = temporaryLibrary({ clock: { now: () => 1000 } });
    const { book } = library.addBook({ text: "# Soup\n\nBoil.", format: "markdown", author: " A.\nCook ", userId: "mira" });
    expect(book).toEqual({
      id: 1,
      collection: "shelf",
      title: "Soup",
      author: "A. Cook",
      source: "upload",
      sections: 1,
      bytes: 13,
      addedAt: 1000,
      addedBy: "mira",
      hasNotice: 0,
    });
    expect(library.contents(1)).toEqual([{ position: 1, heading: "Soup", words: 1 }]);
    expect(library.section(1, 1)).toEqual({ bookId: 1, position: 1, heading: "Soup", body: "Boil.", words: 1 });
    expect([library.section(1, 0), library.section(1, 2), library.book(2), library.notice(2)]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("stores the same text once in each collection", () => {
    const library = temporaryLibrary();
    library.addCollection("Other");
    const added = [text("tea"), text("tea"), { ...text("tea"), collection: "other" }].map((book) => library.addBook(book));
    expect(added.map(({ book, added: isNew }) => [book.id, isNew])).toEqual([
      [1, true],
      [1, false],
      [2, true],
    ]);
  });

  it("keeps header and licence readable and out of the search", () => {
    const library = temporaryLibrary();
    const file =
      "Title: Tea\n\n*** START OF THIS PROJECT GUTENBERG EBOOK TEA ***\n\nWater.\n\n*** END OF THIS PROJECT GUTENBERG EBOOK TEA ***\nLicence.";
    const { book } = library.addBook({ text: file });
    expect(library.notice(book.id)).toContain("Licence.");
    expect(library.search("licence").passages).toEqual([]);
  });

  it.each([
    { name: "without text", book: { text: " \n\n " }, code: "NOTHING_TO_READ" },
    { name: "without sections", book: { sections: [{ heading: "A", body: " " }] }, code: "NOTHING_TO_READ" },
    { name: "that is no text", book: { bytes: Uint8Array.of(1, 0) }, code: "UNREADABLE_FILE" },
    { name: "for a collection that is not there", book: { text: "a", collection: "no" }, code: "UNKNOWN_COLLECTION" },
    { name: "by an unknown reader", book: { text: "a", userId: "no" }, code: "UNKNOWN_READER" },
    { name: "that is too large", book: { bytes: new Uint8Array(64 * 1024 ** 2 + 1) }, code: "FILE_TOO_LARGE" },
  ])("refuses one $name", ({ book, code }) => {
    const library = temporaryLibrary();
    expect(refusalOf(() => library.addBook(book)).code).toBe(code);
    expect(library.books()).toEqual([]);
  });
});

describe("the upload quota", () => {
  it("limits uploads within a sliding window", () => {
    const clock = { time: 1_000_000, now: () => clock.time };
    const library = temporaryLibrary({ clock, quota: { maxUploads: 2, maxBytes: 100, windowMs: 1000 } });
    library.addBook({ ...text("one"), userId: "mira" });
    clock.time += 400;
    library.addBook({ ...text("two"), userId: "mira" });
    expect(refusalOf(() => library.addBook({ ...text("three"), userId: "mira" })).code).toBe("QUOTA_EXCEEDED");
    expect(library.allowance("mira")).toEqual({ uploadsLeft: 0, bytesLeft: 94, retryAfterMs: 600 });
    expect(library.books()).toHaveLength(2);
    clock.time += 600;
    expect(library.addBook({ ...text("three"), userId: "mira" }).added).toBe(true);
  });

  it("counts bytes", () => {
    const library = temporaryLibrary({ quota: { maxBytes: 4 } });
    expect(refusalOf(() => library.addBook({ ...text("twelve"), userId: "mira" })).code).toBe("QUOTA_EXCEEDED");
    expect([library.books(), library.search("twelve").passages]).toEqual([[], []]);
  });

  it("ignores duplicates, refusals and uploads of other readers", () => {
    const library = temporaryLibrary({ quota: { maxUploads: 1 } });
    library.addBook(text("tea"));
    library.addBook({ ...text("tea"), userId: "mira" });
    refusalOf(() => library.addBook({ text: "", userId: "mira" }));
    for (const words of ["one", "two"]) library.addBook({ ...text(words), userId: "tove" });
    expect(library.allowance("mira").uploadsLeft).toBe(1);
  });
});

describe("collections", () => {
  it("have a unique slug", () => {
    const library = temporaryLibrary();
    expect(library.addCollection(" Contes d’Été! ", "Warm")).toEqual({
      slug: "contes-d-ete",
      name: "Contes d’Été!",
      description: "Warm",
      books: 0,
    });
    expect(refusalOf(() => library.addCollection("contes d ete")).code).toBe("NAME_TAKEN");
    expect(refusalOf(() => library.addCollection("!!")).code).toBe("UNKNOWN_COLLECTION");
    expect(library.collections().map(({ slug }) => slug)).toEqual(["contes-d-ete", "shelf"]);
    expect(library.removeCollection("no")).toBe(false);
  });
});

describe("readers", () => {
  it("sign in with their newest token, stored as hash", () => {
    const path = join(temporaryFolder(), "library.db");
    const library = openLibrary({ path });
    const [old, current] = [library.issueToken("amina"), library.issueToken("amina")];
    expect(library.readerByToken(old)).toBeUndefined();
    expect(library.readerByToken(current)).toEqual({ id: "amina", name: "Amina Rahal", role: "admin" });
    expect([library.readerByToken(""), refusalOf(() => library.issueToken("no")).code]).toEqual([undefined, "UNKNOWN_READER"]);
    library.close();
    expect(readFileSync(path).includes(current)).toBe(false);
  });

  it("leave no data behind when removed", () => {
    const path = join(temporaryFolder(), "library.db");
    const library = openLibrary({ path });
    library.addBook({ ...text("tea"), userId: "petra" });
    const nameInFiles = () => [path, `${path}-wal`].some((file) => existsSync(file) && readFileSync(file).includes("Petra Novak"));
    expect(nameInFiles()).toBe(true);
    expect([library.removeReader("petra"), library.removeReader("petra")]).toEqual([true, false]);
    expect(nameInFiles()).toBe(false);
    expect([library.reader("petra"), library.book(1)?.addedBy, library.allowance("petra").uploadsLeft]).toEqual([undefined, null, 5]);
    library.close();
  });

  it("stay removed after the library is opened again", () => {
    const path = join(temporaryFolder(), "library.db");
    const first = openLibrary({ path });
    first.addBook(text("tea"));
    first.removeReader("jonas");
    first.close();
    const second = openLibrary({ path });
    expect(second.readers().map(({ id }) => id)).toEqual(["amina", "mira", "petra", "tove"]);
    expect(second.search("tea").passages).toHaveLength(1);
    second.close();
  });
});

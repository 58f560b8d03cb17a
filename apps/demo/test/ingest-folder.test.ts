import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type IngestFolderOptions, type IngestResult, ingestFolder } from "../src/library/ingest-folder.ts";
import { type Library, openLibrary } from "../src/library/library.ts";
import { collect } from "./support/collect.ts";
import { missingSharedData, sharedData } from "./support/shared-data.ts";
import { temporaryFolder, temporaryLibrary } from "./support/temporary-library.ts";

const SHELF = fileURLToPath(new URL("../shelf/", import.meta.url));

async function ingested(library: Library, folder: string, options?: IngestFolderOptions): Promise<readonly IngestResult[]> {
  return collect(ingestFolder(library, folder, options));
}

describe("taking in a folder", () => {
  it("returns one result per file, also after refusals", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "a.md"), "# Tea\n\nBoil water.");
    writeFileSync(join(folder, "b.txt"), Uint8Array.of(0x61, 0, 0x62));
    writeFileSync(join(folder, "c.TXT"), "");
    writeFileSync(join(folder, "d.jpg"), "not a book");
    writeFileSync(join(folder, ".hidden.txt"), "not a book");
    writeFileSync(join(folder, "sub", "e.txt"), Uint8Array.of(0x63, 0x61, 0x66, 0xe9));
    const results = await ingested(temporaryLibrary(), folder);
    expect(results).toEqual([
      { status: "ok", source: "a.md", bytes: 18, sections: 1, bookId: 1, title: "Tea", added: true },
      { status: "failed", source: "b.txt", bytes: 3, sections: 0, code: "UNREADABLE_FILE", reason: expect.stringContaining("NUL bytes") },
      { status: "failed", source: "c.TXT", bytes: 0, sections: 0, code: "NOTHING_TO_READ", reason: expect.stringContaining("no text") },
      { status: "ok", source: "sub/e.txt", bytes: 4, sections: 1, bookId: 2, title: "e", added: true },
    ]);
  });

  it("stores no text twice", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "a.txt"), "Tea.");
    const library = temporaryLibrary();
    const added = [await ingested(library, folder), await ingested(library, folder)]
      .flat()
      .map((result) => result.status === "ok" && result.added);
    expect([added, library.books().length]).toEqual([[true, false], 1]);
  });

  it("follows no link to a file or folder", async () => {
    const [folder, outside] = [temporaryFolder(), temporaryFolder()];
    writeFileSync(join(outside, "secret.txt"), "Secret.");
    symlinkSync(join(outside, "secret.txt"), join(folder, "link.txt"));
    symlinkSync(outside, join(folder, "folder"));
    symlinkSync(outside, join(folder, "folder.txt"));
    const library = temporaryLibrary();
    const results = await ingested(library, folder);
    expect(results.map((result) => [result.source, result.status === "failed" && result.reason])).toEqual([
      ["folder.txt", "symbolic links are not followed"],
      ["link.txt", "symbolic links are not followed"],
    ]);
    expect(library.books()).toEqual([]);
  });

  it.skipIf(process.platform === "win32")("does not wait for a pipe", async () => {
    const folder = temporaryFolder();
    execFileSync("mkfifo", [join(folder, "pipe.txt")]);
    expect(await ingested(temporaryLibrary(), folder)).toMatchObject([
      { source: "pipe.txt", status: "failed", reason: "it is not a file" },
    ]);
  });

  it("refuses a file that is too large without reading it", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "huge.txt"), "");
    truncateSync(join(folder, "huge.txt"), 64 * 1024 ** 2 + 1);
    writeFileSync(join(folder, "small.txt"), "Tea.");
    expect(await ingested(temporaryLibrary(), folder)).toMatchObject([
      { source: "huge.txt", status: "failed", code: "FILE_TOO_LARGE" },
      { source: "small.txt", status: "ok" },
    ]);
  });

  it("ends the run if the failure concerns all files", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "a.txt"), "Tea.");
    const library = openLibrary({ path: join(folder, "library.db") });
    library.close();
    await expect(ingested(library, folder)).rejects.toThrow(/not open/);
    await expect(ingested(library, join(folder, "missing"))).rejects.toThrow(/ENOENT/);
  });

  it("adds the whole handbook of the library", async () => {
    const library = temporaryLibrary();
    const results = await ingested(library, SHELF);
    expect(results.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(library.books().map(({ title }) => title)).toEqual(
      expect.arrayContaining(["Welcome to Alexandria", "How to search well", "Glossary"]),
    );
    expect(library.search("Who scraped the ferryman's ledger?").passages[0]?.title).toBe("The Ferryman Who Kept Accounts");
  });

  const missing = missingSharedData("books");
  it.skipIf(missing !== undefined)("adds twelve published books", async () => {
    const library = temporaryLibrary();
    const results = await ingested(library, sharedData("books"));
    expect(results.map(({ status }) => status)).toEqual(Array(13).fill("ok"));
    const [passage] = library.search("What does the Mad Hatter ask about a raven and a writing-desk?").passages;
    expect(passage).toMatchObject({ title: "Alice’s Adventures in Wonderland", heading: "CHAPTER VII. A Mad Tea-Party" });
  });
});

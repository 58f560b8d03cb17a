import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { DEFAULT_COLLECTION } from "./collection-list.ts";
import { type Library, MAX_BOOK_BYTES } from "./library.ts";
import { LibraryError, type LibraryErrorCode } from "./library-error.ts";
import type { BookFormat } from "./text/prepare-book.ts";

export interface IngestFolderOptions {
  /** Slug of the target collection. Default "shelf". */
  readonly collection?: string;
  /** Larger files are refused. Default 64 MiB. */
  readonly maxBytes?: number;
}

interface IngestedFile {
  /** Path inside the folder, with forward slashes. */
  readonly source: string;
  readonly bytes: number;
  readonly sections: number;
}

export type IngestResult =
  | (IngestedFile & {
      readonly status: "ok";
      readonly bookId: number;
      readonly title: string;
      /** False if the collection already has this text. */
      readonly added: boolean;
    })
  | (IngestedFile & { readonly status: "failed"; readonly code: LibraryErrorCode; readonly reason: string });

const FORMATS: ReadonlyMap<string, BookFormat> = new Map([
  [".txt", "text"],
  [".md", "markdown"],
]);

const formatOf = (name: string): BookFormat | undefined => FORMATS.get(extname(name).toLowerCase());

/** Paths of the books in a folder, in order. Links are listed here and refused when they are opened. */
async function* booksIn(folder: string, inside = ""): AsyncGenerator<string> {
  const entries = await readdir(join(folder, inside), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = inside === "" ? entry.name : `${inside}/${entry.name}`;
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory()) yield* booksIn(folder, path);
    else if (formatOf(entry.name) !== undefined) yield path;
  }
}

/** Reads a plain file. A link or a pipe is refused: it would lead outside the folder or never end. */
async function readBytes(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)).catch((cause: unknown) => {
    const isLink = cause instanceof Error && "code" in cause && cause.code === "ELOOP";
    throw new LibraryError("UNREADABLE_FILE", isLink ? "symbolic links are not followed" : "the file cannot be opened", { cause });
  });
  try {
    const info = await file.stat();
    if (!info.isFile()) throw new LibraryError("UNREADABLE_FILE", "it is not a file");
    if (info.size > maxBytes) throw new LibraryError("FILE_TOO_LARGE", `${info.size} bytes are more than the ${maxBytes} allowed`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/**
 * Adds every .txt and .md file of a folder and its subfolders, with one result per file, in order of their names. An
 * unreadable file is a result too and does not end the run. Symbolic links are refused, so that no file outside of
 * the folder is read.
 * @throws {Error} if the folder itself cannot be read, and for failures beyond one file, such as a full disk
 */
export async function* ingestFolder(
  library: Library,
  folder: string,
  { collection = DEFAULT_COLLECTION, maxBytes = MAX_BOOK_BYTES }: IngestFolderOptions = {},
): AsyncGenerator<IngestResult, void, void> {
  for await (const source of booksIn(folder)) {
    let size = 0;
    try {
      const bytes = await readBytes(join(folder, source), maxBytes);
      size = bytes.length;
      const { book, added } = library.addBook({ bytes, collection, source, format: formatOf(source) ?? "text" });
      yield { status: "ok", source, bytes: size, sections: book.sections, bookId: book.id, title: book.title, added };
    } catch (error) {
      if (!(error instanceof LibraryError)) throw error;
      yield { status: "failed", source, bytes: size, sections: 0, code: error.code, reason: error.message };
    }
  }
}

import { parse } from "node:path";
import Database from "better-sqlite3";
import { type Book, BookShelf, type Section, type SectionSummary, type ShelvedBook } from "./book-shelf.ts";
import { type Collection, CollectionList, type CollectionSize, DEFAULT_COLLECTION } from "./collection-list.ts";
import { LibraryError } from "./library-error.ts";
import { DEMO_READERS, type Reader, ReaderList } from "./reader-list.ts";
import { SCHEMA } from "./schema.ts";
import { type SearchOptions, type SearchResult, SectionSearch } from "./search/section-search.ts";
import { decodeText } from "./text/decode-text.ts";
import { type BookFormat, type PreparedBook, prepareBook } from "./text/prepare-book.ts";
import type { SectionText } from "./text/section-text.ts";
import { type UploadAllowance, UploadQuota, type UploadQuotaOptions } from "./upload-quota.ts";

export interface LibraryOptions {
  /** SQLite file, created if it is missing. Keep it apart from the audit database. */
  readonly path: string;
  /** Upload limit of each reader. Librarians and admins have none. */
  readonly quota?: UploadQuotaOptions;
  /** Source of the time, in milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

/** The text of a book: as uploaded, decoded, or cut into sections. */
export type BookText = { readonly bytes: Uint8Array } | { readonly text: string } | { readonly sections: readonly SectionText[] };

export type NewBook = BookText & {
  /** Default: the title in the text, else the last part of the source. */
  readonly title?: string;
  /** Default: the author in the text, else empty. */
  readonly author?: string;
  /** Slug of an existing collection. Default "shelf". */
  readonly collection?: string;
  /** Default "text". */
  readonly format?: BookFormat;
  /** Origin of the text. Default "upload". */
  readonly source?: string;
  /** The reader who uploads it and whose quota counts. Default: no reader. */
  readonly userId?: string;
};

/** Largest text of one book, in bytes: 64 MiB. */
export const MAX_BOOK_BYTES = 64 * 1024 ** 2;
const LONGEST_TITLE = 300;

interface ReadText extends PreparedBook {
  readonly size: number;
}

function read(book: NewBook): ReadText {
  if ("sections" in book) {
    const sections = book.sections.filter(({ body }) => body.trim() !== "");
    return { sections, notice: "", size: sections.reduce((sum, { heading, body }) => sum + Buffer.byteLength(heading + body), 0) };
  }
  const bytes = "bytes" in book ? book.bytes : Buffer.from(book.text.toWellFormed());
  if (bytes.length > MAX_BOOK_BYTES) throw new LibraryError("FILE_TOO_LARGE", `the text is larger than ${MAX_BOOK_BYTES} bytes`);
  return { ...prepareBook(decodeText(bytes).text, book.format ?? "text"), size: bytes.length };
}

/** One line, cut to the longest title. */
const oneLine = (text: string | undefined): string => (text ?? "").replace(/\s+/g, " ").trim().slice(0, LONGEST_TITLE);

/** "tales/the-mill.txt" gives "the mill". */
const nameOf = (source: string): string => oneLine(parse(source).name.replace(/[-_]+/g, " ")) || "Untitled";

/** Alexandria: books in collections, cut into sections, to be searched and read. */
export class Library {
  readonly #db: Database.Database;
  readonly #clock: { now(): number };
  readonly #books: BookShelf;
  readonly #collections: CollectionList;
  readonly #readers: ReaderList;
  readonly #quota: UploadQuota;
  readonly #search: SectionSearch;

  constructor(db: Database.Database, { quota, clock = Date }: LibraryOptions) {
    this.#db = db;
    this.#clock = clock;
    this.#books = new BookShelf(db);
    this.#collections = new CollectionList(db);
    this.#readers = new ReaderList(db);
    this.#quota = new UploadQuota(db, clock, quota);
    this.#search = new SectionSearch(db);
  }

  /**
   * Adds a book. A text that the collection already has is not stored twice and does not count.
   * @throws {LibraryError} `UNREADABLE_FILE`, `FILE_TOO_LARGE`, `NOTHING_TO_READ`, `UNKNOWN_COLLECTION`,
   * `UNKNOWN_READER` or `QUOTA_EXCEEDED`: nothing was stored
   */
  addBook(book: NewBook): ShelvedBook {
    const { collection = DEFAULT_COLLECTION, source = "upload", userId } = book;
    if (this.#collections.find(collection) === undefined)
      throw new LibraryError("UNKNOWN_COLLECTION", `no collection is called ${collection}`);
    const reader = userId === undefined ? undefined : this.#readers.find(userId);
    if (userId !== undefined && reader === undefined) throw new LibraryError("UNKNOWN_READER", `no reader is called ${userId}`);
    const { size, ...prepared } = read(book);
    if (prepared.sections.length === 0) throw new LibraryError("NOTHING_TO_READ", "there is no text in it");
    return this.#inTransaction(() => {
      const shelved = this.#books.shelve({
        ...prepared,
        title: oneLine(book.title) || oneLine(prepared.title) || nameOf(source),
        author: oneLine(book.author) || oneLine(prepared.author),
        collection,
        source,
        bytes: size,
        addedAt: this.#clock.now(),
        addedBy: reader?.id ?? null,
      });
      if (shelved.added && reader?.role === "reader") this.#quota.take(reader.id, size);
      return shelved;
    });
  }

  books(filter: { readonly collection?: string } = {}): readonly Book[] {
    return this.#books.list(filter);
  }

  book(id: number): Book | undefined {
    return this.#books.find(id);
  }

  /** Published header and licence of a book; undefined if there are none. */
  notice(bookId: number): string | undefined {
    return this.#books.notice(bookId);
  }

  contents(bookId: number): readonly SectionSummary[] {
    return this.#books.contents(bookId);
  }

  /** @param position counts from 1 */
  section(bookId: number, position: number): Section | undefined {
    return this.#books.section(bookId, position);
  }

  /** @returns false if there is no such book */
  removeBook(id: number): boolean {
    return this.#books.remove(id);
  }

  search(query: string, options: SearchOptions = {}): SearchResult {
    return this.#search.search(query, options);
  }

  collections(): readonly Collection[] {
    return this.#collections.all();
  }

  collectionSizes(): readonly CollectionSize[] {
    return this.#collections.sizes();
  }

  collection(slug: string): Collection | undefined {
    return this.#collections.find(slug);
  }

  /** @throws {LibraryError} `NAME_TAKEN`, `UNKNOWN_COLLECTION` (the name has no letter or digit). */
  addCollection(name: string, description = ""): Collection {
    return this.#inTransaction(() => this.#collections.add(name, description));
  }

  /** Removes a collection with all its books. @returns false if there is none */
  removeCollection(slug: string): boolean {
    return this.#inTransaction(() => this.#collections.remove(slug));
  }

  readers(): readonly Reader[] {
    return this.#readers.all();
  }

  reader(id: string): Reader | undefined {
    return this.#readers.find(id);
  }

  readerByToken(token: string): Reader | undefined {
    return this.#readers.byToken(token);
  }

  /** Adds a reader, or changes name and role of the reader with this id. */
  enrolReader(reader: Reader): void {
    this.#readers.enrol(reader);
  }

  /**
   * Issues a token, which is shown once and stored as a hash. It replaces the previous one.
   * @throws {LibraryError} `UNKNOWN_READER`
   */
  issueToken(readerId: string): string {
    return this.#readers.issueToken(readerId);
  }

  /** Removes a reader with token and upload history, also from the write-ahead log. @returns false if there is none */
  removeReader(id: string): boolean {
    const removed = this.#readers.remove(id);
    this.#db.pragma("wal_checkpoint(TRUNCATE)");
    return removed;
  }

  allowance(readerId: string): UploadAllowance {
    return this.#quota.allowance(readerId);
  }

  close(): void {
    this.#db.close();
  }

  #inTransaction<T>(work: () => T): T {
    return this.#db.transaction(work).immediate();
  }
}

/** Opens the library. A new file gets the default collection and the readers of the scripted morning. */
export function openLibrary(options: LibraryOptions): Library {
  const db = new Database(options.path);
  db.pragma("journal_mode = WAL");
  db.pragma("foreign_keys = ON");
  db.pragma("secure_delete = ON"); // a removed reader's name is overwritten, not only unlinked
  const isNew = db.prepare("SELECT 1 FROM sqlite_schema").get() === undefined;
  db.exec(SCHEMA);
  const library = new Library(db, options);
  if (isNew) {
    library.addCollection("Shelf", "The handbook of the library and whatever was brought along.");
    for (const reader of DEMO_READERS) library.enrolReader(reader);
  }
  return library;
}

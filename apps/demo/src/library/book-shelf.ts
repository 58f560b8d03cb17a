import { createHash } from "node:crypto";
import type { Database } from "better-sqlite3";
import type { PreparedBook } from "./text/prepare-book.ts";
import { countWords, type SectionText } from "./text/section-text.ts";

export interface Book {
  readonly id: number;
  /** Slug. */
  readonly collection: string;
  readonly title: string;
  /** Empty when unknown. */
  readonly author: string;
  /** Origin of the text, such as the path inside the ingested folder. */
  readonly source: string;
  readonly sections: number;
  readonly bytes: number;
  /** Milliseconds since the Unix epoch. */
  readonly addedAt: number;
  readonly addedBy: string | null;
  /** Header and licence as published; empty for most books. */
  readonly hasNotice: 0 | 1;
}

export interface SectionSummary {
  readonly position: number;
  readonly heading: string;
  readonly words: number;
}

export interface Section extends SectionSummary {
  readonly bookId: number;
  readonly body: string;
}

export interface ShelvedBook {
  readonly book: Book;
  /** False if the collection already has this text: `book` is the existing one. */
  readonly added: boolean;
}

export interface BookToShelve extends PreparedBook {
  readonly title: string;
  readonly collection: string;
  readonly source: string;
  readonly bytes: number;
  readonly addedBy: string | null;
  readonly addedAt: number;
}

const SELECT = `
  SELECT id, collection, title, author, source, bytes, added_at AS addedAt, added_by AS addedBy, notice <> '' AS hasNotice,
    (SELECT count(*) FROM section WHERE section.book = book.id) AS sections
  FROM book`;

const digestOf = (sections: readonly SectionText[]): Buffer => createHash("sha256").update(JSON.stringify(sections)).digest();

/** The books and their sections, kept in step with the full-text index. */
export class BookShelf {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Newest last. */
  list({ collection }: { readonly collection?: string } = {}): readonly Book[] {
    return this.#db
      .prepare<[{ collection: string | null }], Book>(`${SELECT} WHERE @collection IS NULL OR collection = @collection ORDER BY id`)
      .all({ collection: collection ?? null });
  }

  find(id: number): Book | undefined {
    return this.#db.prepare<[number], Book>(`${SELECT} WHERE id = ?`).get(id);
  }

  notice(id: number): string | undefined {
    return this.#db.prepare<[number], { notice: string }>("SELECT notice FROM book WHERE id = ?").get(id)?.notice;
  }

  contents(id: number): readonly SectionSummary[] {
    return this.#db
      .prepare<[number], SectionSummary>("SELECT position, heading, words FROM section WHERE book = ? ORDER BY position")
      .all(id);
  }

  section(id: number, position: number): Section | undefined {
    return this.#db
      .prepare<[number, number], Section>(
        "SELECT book AS bookId, position, heading, body, words FROM section WHERE book = ? AND position = ?",
      )
      .get(id, position);
  }

  /** Stores a book unless the collection already has its text. Call it in a transaction. */
  shelve(book: BookToShelve): ShelvedBook {
    const digest = digestOf(book.sections);
    const twin = this.#db
      .prepare<[string, Buffer], { id: number }>("SELECT id FROM book WHERE collection = ? AND digest = ?")
      .get(book.collection, digest);
    if (twin !== undefined) return { book: this.find(twin.id)!, added: false };
    const { title, author = "", collection, source, notice, bytes, addedAt, addedBy } = book;
    const { lastInsertRowid } = this.#db
      .prepare(
        "INSERT INTO book (collection, title, author, source, notice, bytes, digest, added_at, added_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      )
      .run(collection, title, author, source, notice, bytes, digest, addedAt, addedBy);
    const id = Number(lastInsertRowid);
    this.#addSections(id, title, book.sections);
    return { book: this.find(id)!, added: true };
  }

  /** @returns false if there is no such book */
  remove(id: number): boolean {
    return this.#db.prepare("DELETE FROM book WHERE id = ?").run(id).changes > 0;
  }

  #addSections(bookId: number, title: string, sections: readonly SectionText[]): void {
    const store = this.#db.prepare("INSERT INTO section (book, position, heading, body, words) VALUES (?, ?, ?, ?, ?)");
    const index = this.#db.prepare("INSERT INTO section_index (rowid, title, heading, body) VALUES (?, ?, ?, ?)");
    for (const [place, { heading, body }] of sections.entries()) {
      const { lastInsertRowid } = store.run(bookId, place + 1, heading, body, countWords(body));
      index.run(lastInsertRowid, title, heading, body);
    }
  }
}

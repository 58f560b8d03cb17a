import type { Database } from "better-sqlite3";
import { LibraryError } from "./library-error.ts";

export interface Collection {
  /** Lower-case letters, digits and hyphens; names the collection in addresses. */
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly books: number;
}

/** Contents of a collection in numbers. */
export interface CollectionSize {
  readonly slug: string;
  readonly sections: number;
  /** Bytes of its books as uploaded. */
  readonly bytes: number;
}

/** "Sea Tales!" gives "sea-tales"; text without a letter or digit gives "". */
export const slugOf = (name: string): string =>
  name
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");

/** The collection every library has. */
export const DEFAULT_COLLECTION = "shelf";

const SELECT = `
  SELECT slug, name, description, (SELECT count(*) FROM book WHERE book.collection = collection.slug) AS books
  FROM collection`;

export class CollectionList {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  all(): readonly Collection[] {
    return this.#db.prepare<[], Collection>(`${SELECT} ORDER BY name`).all();
  }

  sizes(): readonly CollectionSize[] {
    return this.#db
      .prepare<[], CollectionSize>(
        `SELECT slug, coalesce(sum(bytes), 0) AS bytes, coalesce(sum((SELECT count(*) FROM section WHERE section.book = book.id)), 0) AS sections
        FROM collection LEFT JOIN book ON book.collection = collection.slug GROUP BY slug ORDER BY slug`,
      )
      .all();
  }

  find(slug: string): Collection | undefined {
    return this.#db.prepare<[string], Collection>(`${SELECT} WHERE slug = ?`).get(slug);
  }

  /** @throws {LibraryError} `NAME_TAKEN`: a collection has this slug; `UNKNOWN_COLLECTION`: the name gives no slug */
  add(name: string, description = ""): Collection {
    const slug = slugOf(name);
    if (slug === "") throw new LibraryError("UNKNOWN_COLLECTION", "a collection needs a name with a letter or a digit");
    if (this.find(slug) !== undefined) throw new LibraryError("NAME_TAKEN", `there already is a collection called ${slug}`);
    this.#db.prepare("INSERT INTO collection (slug, name, description) VALUES (?, ?, ?)").run(slug, name.trim(), description.trim());
    return this.find(slug)!;
  }

  /** Removes a collection with all its books. @returns false if there is none */
  remove(slug: string): boolean {
    this.#db.prepare("DELETE FROM book WHERE collection = ?").run(slug);
    return this.#db.prepare("DELETE FROM collection WHERE slug = ?").run(slug).changes > 0;
  }
}

import { createHash, randomBytes } from "node:crypto";
import type { Database } from "better-sqlite3";
import { LibraryError } from "./library-error.ts";

export type Role = "reader" | "librarian" | "admin";

export interface Reader {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

/** The people of the scripted morning. */
export const DEMO_READERS = [
  { id: "mira", name: "Mira Okafor", role: "reader" },
  { id: "jonas", name: "Jonas Lindqvist", role: "reader" },
  { id: "petra", name: "Petra Novak", role: "reader" },
  { id: "tove", name: "Tove Hagen", role: "librarian" },
  { id: "amina", name: "Amina Rahal", role: "admin" },
] as const satisfies readonly Reader[];

// A token has 256 random bits, so a plain hash cannot be reversed; a password would need a slow one.
const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();

/** The readers of the library. Tokens are stored as hashes only. */
export class ReaderList {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  all(): readonly Reader[] {
    return this.#db.prepare<[], Reader>("SELECT id, name, role FROM reader ORDER BY id").all();
  }

  find(id: string): Reader | undefined {
    return this.#db.prepare<[string], Reader>("SELECT id, name, role FROM reader WHERE id = ?").get(id);
  }

  byToken(token: string): Reader | undefined {
    return this.#db.prepare<[Buffer], Reader>("SELECT id, name, role FROM reader WHERE token_hash = ?").get(hashOf(token));
  }

  /** Adds a reader, or changes name and role of the reader with this id. */
  enrol({ id, name, role }: Reader): void {
    this.#db
      .prepare(
        "INSERT INTO reader (id, name, role) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role",
      )
      .run(id, name, role);
  }

  /**
   * Issues a token. It replaces the previous one.
   * @throws {LibraryError} `UNKNOWN_READER`
   */
  issueToken(id: string): string {
    const token = randomBytes(32).toString("base64url");
    const { changes } = this.#db.prepare("UPDATE reader SET token_hash = ? WHERE id = ?").run(hashOf(token), id);
    if (changes === 0) throw new LibraryError("UNKNOWN_READER", `no reader is called ${id}`);
    return token;
  }

  /** Removes a reader with their upload history. The books stay, without the name. @returns false if there is none */
  remove(id: string): boolean {
    return this.#db.prepare("DELETE FROM reader WHERE id = ?").run(id).changes > 0;
  }
}

import { Frontier } from "@daybook/ledger";
import { one } from "../database/rows.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";

/**
 * The Merkle tree over the whole log, as long as this connection knows every row: it wrote the row, or read and
 * checked it. After a commit of another connection, the tree is unknown until the rows are read again. A known tree
 * can be signed without reading: the checkpoint covers the written rows, and a change of the file below SQLite
 * contradicts it.
 */
export class KnownTree {
  readonly #dataVersion;
  #frontier: Frontier | undefined;
  /** A second tree, reused by each transaction, so that none leaves garbage behind. */
  #spare = Frontier.empty();
  #version = -1;

  constructor(db: Sqlite) {
    // Changes with every commit of another connection, but not with this connection's
    // (sqlite.org/pragma.html#pragma_data_version).
    this.#dataVersion = db.prepare<[], number>("PRAGMA data_version").pluck();
  }

  /** Version of the database as this connection sees it. Equal values mean that no other connection wrote in between. */
  version(): number {
    return one(this.#dataVersion);
  }

  /** A copy of the tree over all rows; undefined if the rows have to be read. */
  frontier(): Frontier | undefined {
    return this.#known()?.copy();
  }

  /** A tree to grow by the rows of a transaction and to pass to `committed`. Valid until the next call. */
  growing(): Frontier | undefined {
    const known = this.#known();
    return known && this.#spare.copyFrom(known);
  }

  /** Call it when every row below the size of this tree has been read and checked since the database had this version. */
  checked(frontier: Frontier, version: number): void {
    this.#frontier = this.version() === version ? frontier.copy() : undefined;
    this.#version = version;
  }

  /** Call it when this connection has committed rows, with the tree from `growing`, or undefined if that was unknown. */
  committed(grown: Frontier | undefined): void {
    if (grown !== undefined) this.#spare = this.#frontier ?? Frontier.empty();
    this.#frontier = grown;
  }

  #known(): Frontier | undefined {
    if (this.#frontier !== undefined && this.version() !== this.#version) this.#frontier = undefined;
    return this.#frontier;
  }
}

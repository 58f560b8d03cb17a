import { Frontier } from "@daybook/ledger";
import type { Sqlite } from "../database/sqlite-driver.ts";

/**
 * The Merkle tree over the whole log, while this connection knows all of it: rows it has written itself, or has read and checked.
 * As soon as any other connection has committed, it knows nothing until it has read again. What it knows needs no reading to be
 * signed: the checkpoint is about what was written, and whoever changes the file below SQLite contradicts it.
 */
export class KnownTree {
  readonly #dataVersion;
  #frontier: Frontier | undefined;
  /** Which is not the tree of the log: it is used again for each transaction, so that none leaves garbage that outlives it. */
  #spare = Frontier.empty();
  #version = -1;

  constructor(db: Sqlite) {
    // Changes with every commit of another connection, and with none of this one (sqlite.org/pragma.html#pragma_data_version).
    this.#dataVersion = db.prepare<[], number>("PRAGMA data_version").pluck();
  }

  /** Of the database as this connection sees it now; equal to an earlier one where nobody else has written in between. */
  version(): number {
    return this.#dataVersion.get()!;
  }

  /** The tree over all rows, a copy; undefined where it has to be read. */
  frontier(): Frontier | undefined {
    return this.#known()?.copy();
  }

  /** The same, to grow with what a transaction stores and to be given to `committed`; good until it is asked for again. */
  growing(): Frontier | undefined {
    const known = this.#known();
    return known && this.#spare.copyFrom(known);
  }

  /** Every row up to the size of this tree was read and checked, from the time on when the database had this version. */
  checked(frontier: Frontier, version: number): void {
    this.#frontier = this.version() === version ? frontier.copy() : undefined;
    this.#version = version;
  }

  /** This connection has committed rows: the tree with them, as `growing` gave it, or undefined where it was not known before them. */
  committed(grown: Frontier | undefined): void {
    if (grown !== undefined) this.#spare = this.#frontier ?? Frontier.empty();
    this.#frontier = grown;
  }

  #known(): Frontier | undefined {
    if (this.#frontier !== undefined && this.version() !== this.#version) this.#frontier = undefined;
    return this.#frontier;
  }
}

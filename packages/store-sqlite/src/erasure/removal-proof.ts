import { randomBytes } from "node:crypto";
import { prepareEntry, provenEntry } from "@daybook/ledger";
import { retryWhileBusy } from "../database/connection.ts";
import { isBusy } from "../database/sqlite-failure.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";
import { findNeedles, NEEDLE_BYTES, removeBytes } from "./byte-removal.ts";

interface PendingRow {
  readonly id: number;
  readonly manifest: number | null;
  readonly needles: Uint8Array | null;
}

const RETRY_AFTER_MS = 60_000;
/** Manifests that one entry can name: a head has at most 8,192 bytes. */
const MOST_NAMED = 400;

/**
 * Follows every removal until its bytes are gone. The transaction that removes parts also writes the row of the
 * removal. A removal is proven if neither the write-ahead log nor any page holds the bytes.
 */
export class Removals {
  readonly #scope: WriterScope;
  readonly #note;
  readonly #pending;
  #noted = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(scope: WriterScope) {
    this.#scope = scope;
    const { db } = scope;
    this.#note = db.prepare("INSERT INTO daybook_erasure (manifest, state, needles, made) VALUES (?, 'pending', ?, ?)");
    this.#pending = db.prepare<[], PendingRow>("SELECT id, manifest, needles FROM daybook_erasure WHERE state = 'pending' ORDER BY id");
  }

  /**
   * Records a removal inside the transaction that removes.
   * @param salts the removed salts; a later scan looks for some of their bytes
   * @param soon false if more removals follow, after which the caller starts the attempt itself
   * @returns number of the run
   */
  note(manifest: number | undefined, salts: readonly Uint8Array[], soon = true): number {
    this.#noted ||= soon;
    return Number(this.#note.run(manifest ?? null, hidden(salts), this.#time()).lastInsertRowid);
  }

  /** Call it after a commit: removes the bytes, or tries again later. */
  finish(): void {
    if (!this.#noted) return;
    this.#noted = false;
    this.attempt(false);
  }

  /**
   * Tries to remove the bytes of all pending runs.
   * @param scan also searches the files for some of the removed bytes
   * @returns the obstacle, if there is one
   */
  attempt(scan: boolean): string | undefined {
    const { db, ledger } = this.#scope;
    const rows = this.#pending.all();
    if (rows.length === 0) return undefined;
    let obstacle: string | undefined = removeBytes(db);
    if (
      obstacle === undefined &&
      scan &&
      findNeedles(
        db.name,
        rows.flatMap(({ needles }) => shown(needles)),
      )
    ) {
      obstacle = "removed bytes are still in the file; run `daybook ledger vacuum`";
    }
    const time = this.#time();
    if (obstacle !== undefined) {
      const told = db.prepare("UPDATE daybook_erasure SET reason = ?, tried = ? WHERE state = 'pending'");
      retryWhileBusy(() => told.run(obstacle, time));
      this.#later();
      return obstacle;
    }
    const manifests = rows.flatMap(({ manifest }) => (manifest === null ? [] : [manifest]));
    ledger.transaction((append) => {
      for (let i = 0; i < manifests.length; i += MOST_NAMED) {
        const of = manifests.slice(i, i + MOST_NAMED);
        append(prepareEntry(provenEntry({ of, scan: scan ? "clean" : "skipped", time, random: randomBytes }), randomBytes));
      }
      const proven = db.prepare(
        "UPDATE daybook_erasure SET state = 'proven', reason = NULL, needles = NULL, tried = ?, proven = ? WHERE id = ?",
      );
      for (const { id } of rows) proven.run(time, time, id);
    });
    return undefined;
  }

  close(): void {
    clearTimeout(this.#retry);
  }

  #later(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#again(), RETRY_AFTER_MS);
    this.#retry.unref();
  }

  /** No caller waits for this result, so a busy lock only means another attempt later. */
  #again(): void {
    try {
      this.attempt(false);
    } catch (cause) {
      if (!isBusy(cause)) throw cause;
      this.#later();
    }
  }

  #time(): string {
    return new Date(this.#scope.now()).toISOString();
  }
}

/** Stored inverted, so that a search for the bytes does not find the list itself. */
const hidden = (salts: readonly Uint8Array[]): Buffer | null =>
  salts.length === 0 ? null : (Buffer.concat(salts.map((salt) => salt.subarray(0, NEEDLE_BYTES))).map((byte) => ~byte & 0xff) as Buffer);

function shown(needles: Uint8Array | null): Uint8Array[] {
  if (needles === null) return [];
  const bytes = needles.map((byte) => ~byte & 0xff);
  return Array.from({ length: bytes.length / NEEDLE_BYTES }, (_, i) => bytes.subarray(i * NEEDLE_BYTES, (i + 1) * NEEDLE_BYTES));
}

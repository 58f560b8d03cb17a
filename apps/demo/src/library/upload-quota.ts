import type { Database } from "better-sqlite3";
import { LibraryError } from "./library-error.ts";

export interface UploadQuotaOptions {
  /** Uploads per reader within the window. Default 5. */
  readonly maxUploads?: number;
  /** Bytes per reader within the window. Default 5 MiB. */
  readonly maxBytes?: number;
  /** Length of the sliding window. Default one day. */
  readonly windowMs?: number;
}

/** The remaining uploads of a reader. */
export interface UploadAllowance {
  readonly uploadsLeft: number;
  readonly bytesLeft: number;
  /** Milliseconds until the oldest upload leaves the window; 0 if there is none. */
  readonly retryAfterMs: number;
}

const DAY_MS = 86_400_000;

/** The uploads of each reader within a sliding window. */
export class UploadQuota {
  readonly #db: Database;
  readonly #clock: { now(): number };
  readonly #limits: Required<UploadQuotaOptions>;

  constructor(
    db: Database,
    clock: { now(): number },
    { maxUploads = 5, maxBytes = 5 * 1024 ** 2, windowMs = DAY_MS }: UploadQuotaOptions = {},
  ) {
    this.#db = db;
    this.#clock = clock;
    this.#limits = { maxUploads, maxBytes, windowMs };
  }

  allowance(reader: string): UploadAllowance {
    const now = this.#clock.now();
    const since = now - this.#limits.windowMs;
    const { uploads, bytes, oldest } = this.#db
      .prepare<[string, number], { uploads: number; bytes: number; oldest: number | null }>(
        "SELECT count(*) AS uploads, coalesce(sum(bytes), 0) AS bytes, min(at) AS oldest FROM upload WHERE reader = ? AND at > ?",
      )
      .get(reader, since)!;
    return {
      uploadsLeft: Math.max(0, this.#limits.maxUploads - uploads),
      bytesLeft: Math.max(0, this.#limits.maxBytes - bytes),
      retryAfterMs: oldest === null ? 0 : oldest - since,
    };
  }

  /**
   * Counts one upload. Call it in the transaction that stores the book.
   * @throws {LibraryError} `QUOTA_EXCEEDED`: nothing was counted
   */
  take(reader: string, bytes: number): void {
    const { uploadsLeft, bytesLeft } = this.allowance(reader);
    if (uploadsLeft === 0) throw new LibraryError("QUOTA_EXCEEDED", `the limit of ${this.#limits.maxUploads} uploads is reached`);
    if (bytes > bytesLeft) throw new LibraryError("QUOTA_EXCEEDED", `${bytes} bytes are more than the ${bytesLeft} that are left`);
    this.#db.prepare("INSERT INTO upload (reader, at, bytes) VALUES (?, ?, ?)").run(reader, this.#clock.now(), bytes);
  }
}

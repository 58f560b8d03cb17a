import {
  constants,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { EntrySink } from "../contracts/audit-sink.ts";
import type { SinkEntry } from "../contracts/sink-entry.ts";
import { DaybookError } from "../daybook-error.ts";
import { AppendFile } from "../spool/append-file.ts";
import { ndjsonLine } from "./ndjson-line.ts";

/** Options of `fileSink`. */
export interface FileSinkOptions {
  /** File of the newest events; rotated files stand beside it as `<path>.<UTC day>.<n>.gz`. One file belongs to one process. */
  readonly path: string;
  /** Bytes at which a file is rotated. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Number of rotated files kept. Default 30. At least one file a day is made, so none outlives this many days. */
  readonly keep?: number;
  /** Compress rotated files. Default true. */
  readonly gzip?: boolean;
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

const MODE = 0o640;
const LONGEST_LINE = 1024 * 1024;

/**
 * A sink that writes NDJSON to a file, rotated each UTC day and at a size. An append resolves after `fdatasync`, so it can be a required
 * sink.
 * @throws {DaybookError} `STORE_OPEN_FAILED` if the file cannot be written; `BAD_OPTION`
 * @example
 * ```ts
 * import { createAuditLog, fileSink, memoryStore } from "@daybook/core";
 *
 * const audit = createAuditLog({ store: memoryStore(), sinks: [{ sink: fileSink({ path: "data/audit.ndjson" }), required: true }] });
 * ```
 */
export function fileSink(options: FileSinkOptions): EntrySink {
  const { keep = 30, maxBytes = 64 * 1024 * 1024 } = options;
  if (!Number.isInteger(keep) || keep < 1) throw new DaybookError("BAD_OPTION", "`keep` is a whole number of files, at least 1.");
  if (!(maxBytes >= 1024)) throw new DaybookError("BAD_OPTION", "`maxBytes` is at least 1024.");
  const file = new RotatingFile(options.path, maxBytes, keep, options.gzip ?? true, options.clock ?? Date);
  return {
    name: "file",
    // The newest file covers at most one day, and `keep` older ones follow it.
    supports: { erasure: "expire", expiresAfterDays: keep + 1, durable: true, idempotent: false },
    append: async (batch, { durable }) => {
      await file.append(text(batch), durable);
      return { refused: [] };
    },
    appendSync(batch) {
      file.appendSync(text(batch));
      return { refused: [] };
    },
    close: () => file.close(),
  };
}

const text = (batch: readonly SinkEntry[]) => batch.map(({ event }) => ndjsonLine(event)).join("");

class RotatingFile {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #keep: number;
  readonly #gzip: boolean;
  readonly #clock: { now(): number };
  #file: AppendFile | undefined;
  #day = "";
  #closed = false;
  #compressing: Promise<void> = Promise.resolve();
  #compressionError: unknown;

  constructor(path: string, maxBytes: number, keep: number, gzip: boolean, clock: { now(): number }) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#keep = keep;
    this.#gzip = gzip;
    this.#clock = clock;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
      const file = this.#open();
      this.#file = file;
      this.#rotateIfDue(file);
      this.#removeOld();
    } catch (cause) {
      throw new DaybookError("STORE_OPEN_FAILED", `The log file ${path} cannot be written: ${(cause as Error).message}`, { cause });
    }
  }

  async append(lines: string, durable: boolean): Promise<void> {
    if (this.#compressionError !== undefined) {
      const cause = this.#compressionError;
      this.#compressionError = undefined;
      throw new DaybookError("SINK_FAILED", `A rotated file of ${this.#path} could not be compressed: ${(cause as Error).message}`, {
        cause,
      });
    }
    try {
      await this.#current().append(lines, { flushed: durable });
    } catch (cause) {
      throw this.#failure(cause);
    }
  }

  appendSync(lines: string): void {
    try {
      // An append under way stays in its file, so rotation has to wait.
      this.#file ??= this.#open();
      this.#file.appendSync(lines);
    } catch (cause) {
      throw this.#failure(cause);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#compressing;
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #failure(cause: unknown): DaybookError {
    return new DaybookError("SINK_FAILED", `Writing ${this.#path} failed: ${(cause as Error).message}`, { cause });
  }

  /** Returns the file of today. Makes it again if it was removed: its bytes would vanish with this process. */
  #current(): AppendFile {
    const file = this.#file;
    if (this.#closed) throw new Error("the sink is closed");
    if (file?.isAt(this.#path)) {
      this.#rotateIfDue(file);
    } else {
      file?.closeSync();
      this.#file = undefined;
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o750 });
    }
    this.#file ??= this.#open();
    return this.#file;
  }

  #open(): AppendFile {
    const file = new AppendFile(this.#path, constants.O_RDWR | constants.O_CREAT, MODE);
    const written = statSync(this.#path).mtimeMs;
    // A half-written line of a killed process was never acknowledged, and would join the next line.
    file.truncateSync(endOfLines(file));
    this.#day = dayOf(file.size > 0 ? written : this.#clock.now());
    return file;
  }

  #rotateIfDue(file: AppendFile): void {
    const today = dayOf(this.#clock.now());
    if (file.size === 0) {
      this.#day = today;
      return;
    }
    if (file.size < this.#maxBytes && this.#day === today) return;
    const rotated = this.#freeName();
    renameSync(this.#path, rotated);
    file.closeSync();
    this.#file = undefined;
    if (this.#gzip) {
      this.#compressing = this.#compressing
        // It may have been old enough to be removed at once.
        .then(() => (existsSync(rotated) ? compress(rotated) : undefined))
        .catch((cause: unknown) => {
          this.#compressionError = cause;
        });
    }
    this.#removeOld();
  }

  #freeName(): string {
    const taken = new Set(this.#rotated());
    for (let n = 1; ; n++) {
      const name = `${basename(this.#path)}.${this.#day}.${String(n).padStart(4, "0")}`;
      if (!taken.has(name) && !taken.has(`${name}.gz`)) return join(dirname(this.#path), name);
    }
  }

  #rotated(): string[] {
    const prefix = `${basename(this.#path)}.`;
    return readdirSync(dirname(this.#path)).filter(
      (name) => name.startsWith(prefix) && /^\d{4}-\d\d-\d\d\.\d{4,}(\.gz)?$/.test(name.slice(prefix.length)),
    );
  }

  #removeOld(): void {
    const folder = dirname(this.#path);
    const oldest = this.#clock.now() - (this.#keep + 1) * 86_400_000;
    const files = this.#rotated().sort().reverse();
    for (const [i, name] of files.entries()) {
      const path = join(folder, name);
      if (i >= this.#keep || statSync(path).mtimeMs < oldest) rmSync(path);
    }
  }
}

/** Offset after the last whole line. */
function endOfLines({ fd, size }: AppendFile): number {
  const tail = Buffer.alloc(Math.min(size, LONGEST_LINE));
  const start = size - tail.length;
  let got = 0;
  for (let read = -1; got < tail.length && read !== 0; got += read) read = readSync(fd, tail, got, tail.length - got, start + got);
  return start + tail.lastIndexOf(0x0a) + 1;
}

async function compress(path: string): Promise<void> {
  const unfinished = `${path}.gz.part`;
  await pipeline(createReadStream(path), createGzip(), createWriteStream(unfinished, { mode: MODE }));
  renameSync(unfinished, `${path}.gz`);
  rmSync(path);
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

import {
  closeSync,
  createReadStream,
  createWriteStream,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  write,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGzip } from "node:zlib";
import type { AuditSink, SinkEntry } from "./audit-sink.ts";
import { DaybookError } from "./daybook-error.ts";
import { ndjsonLine } from "./ndjson-line.ts";

export interface FileSinkOptions {
  /** File of the newest events; older ones lie beside it as `<path>.<UTC day>.<n>.gz`. One file belongs to one process. */
  readonly path: string;
  /** A file that reached this many bytes is rotated. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Rotated files kept. Default 30. With one file a day or more, none outlives this many days. */
  readonly keep?: number;
  /** Compress rotated files. Default true. */
  readonly gzip?: boolean;
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

const MODE = 0o640;
const writeAt = promisify(write);
const sync = promisify(fdatasync);

/**
 * Writes NDJSON to a file that is rotated each UTC day and at a size. Answers after `fdatasync`, so it can be a required sink.
 * @throws {DaybookError} `STORE_OPEN_FAILED` where the file cannot be written, `BAD_OPTION`
 */
export function fileSink(options: FileSinkOptions): AuditSink {
  const { keep = 30, maxBytes = 64 * 1024 * 1024 } = options;
  if (!Number.isInteger(keep) || keep < 1) throw new DaybookError("BAD_OPTION", "`keep` is a whole number of files, at least 1.");
  if (!(maxBytes >= 1024)) throw new DaybookError("BAD_OPTION", "`maxBytes` is at least 1024.");
  const file = new RotatingFile(options.path, maxBytes, keep, options.gzip ?? true, options.clock ?? Date);
  return {
    name: "file",
    // The newest file covers a day at most and `keep` older ones follow it.
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
  #fd = -1;
  #size = 0;
  #day = "";
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
      this.#open();
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
    this.#rotateIfDue();
    const bytes = Buffer.from(lines);
    const start = this.#size;
    try {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await writeAt(this.#fd, bytes, at, bytes.length - at, null);
        at += bytesWritten;
        this.#size += bytesWritten;
      }
      if (durable) await sync(this.#fd);
    } catch (cause) {
      // A half-written line would join the next batch: end it, so that only this batch is repeated.
      if (this.#size !== start) this.#size += writeSync(this.#fd, "\n");
      throw new DaybookError("SINK_FAILED", `Writing ${this.#path} failed: ${(cause as Error).message}`, { cause });
    }
  }

  appendSync(lines: string): void {
    const bytes = Buffer.from(lines);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    fdatasyncSync(this.#fd);
  }

  async close(): Promise<void> {
    await this.#compressing;
    if (this.#fd < 0) return;
    fdatasyncSync(this.#fd);
    closeSync(this.#fd);
    this.#fd = -1;
  }

  #open(): void {
    this.#fd = openSync(this.#path, "a", MODE);
    const stat = fstatSync(this.#fd);
    this.#size = stat.size;
    this.#day = dayOf(stat.size > 0 ? stat.mtimeMs : this.#clock.now());
  }

  #rotateIfDue(): void {
    const today = dayOf(this.#clock.now());
    if (this.#size === 0) {
      this.#day = today;
      return;
    }
    if (this.#size < this.#maxBytes && this.#day === today) return;
    fdatasyncSync(this.#fd);
    closeSync(this.#fd);
    const rotated = this.#freeName();
    renameSync(this.#path, rotated);
    this.#open();
    if (this.#gzip) {
      this.#compressing = this.#compressing
        .then(() => compress(rotated))
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

async function compress(path: string): Promise<void> {
  const unfinished = `${path}.gz.part`;
  await pipeline(createReadStream(path), createGzip(), createWriteStream(unfinished, { mode: MODE }));
  renameSync(unfinished, `${path}.gz`);
  rmSync(path);
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

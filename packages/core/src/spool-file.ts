import {
  close,
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncate,
  ftruncateSync,
  futimesSync,
  openSync,
  read,
  readSync,
  statSync,
  write,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { isErrno } from "./node-error.ts";

/**
 * The spool on disk: lines of text, each protected by a checksum, so that a torn or damaged line is noticed and costs itself only.
 *
 *     <crc> daybook-spool/1 <owner as JSON>      first line
 *     <crc> e <n> <id> <type> <text>             event n, counted from 0
 *     <crc> r <n>                                events below n have been stored
 *     <crc> c                                    the log was closed in good order
 *
 * `crc` is the CRC-32 of the rest of the line without its line break, eight lower-case hexadecimal digits.
 */
export const SPOOL_FORMAT = "daybook-spool/1";

export const spoolLine = (content: string): string => `${crc32(content).toString(16).padStart(8, "0")} ${content}\n`;

export type SpoolRecord =
  | { readonly kind: "header"; readonly owner: unknown }
  | { readonly kind: "event"; readonly n: number; readonly id: string; readonly type: string; readonly text: string }
  | { readonly kind: "replayed"; readonly n: number }
  | { readonly kind: "closed" }
  | { readonly kind: "damaged" };

const LINE = /^(?:e (\d{1,15}) ([0-9a-f-]{36}) ([a-z0-9_]{1,40}) |r (\d{1,15})$|c$|daybook-spool\/1 )/;

export const spoolEvent = (n: number, { id, type, text }: { readonly id: string; readonly type: string; readonly text: string }): string =>
  spoolLine(`e ${n} ${id} ${type} ${text}`);

/** @param line without its line break */
export function parseSpoolLine(line: Buffer): SpoolRecord {
  const content = line.subarray(9);
  if (line.length < 10 || line[8] !== 0x20 || line.toString("latin1", 0, 8) !== crc32(content).toString(16).padStart(8, "0"))
    return { kind: "damaged" };
  const text = content.toString("utf8");
  const found = LINE.exec(text);
  if (found === null) return { kind: "damaged" };
  const [start, n, id, type, replayed] = found;
  if (n !== undefined) return { kind: "event", n: Number(n), id: id!, type: type!, text: text.slice(start.length) };
  if (replayed !== undefined) return { kind: "replayed", n: Number(replayed) };
  if (text === "c") return { kind: "closed" };
  try {
    return { kind: "header", owner: JSON.parse(text.slice(start.length)) };
  } catch {
    return { kind: "damaged" };
  }
}

const MODE = 0o600;
const CHUNK = 256 * 1024;
/** No line is longer than an event may be; what is, has lost its line break. */
const LONGEST_LINE = 4 * 1024 * 1024;

const writeAt = promisify(write);
const readAt = promisify(read);
const flush = promisify(fdatasync);
const truncateTo = promisify(ftruncate);
const closeFd = promisify(close);

/** An open spool file. Writes append; a failed write leaves nothing behind. */
export class SpoolFile {
  readonly #fd: number;
  #size: number;
  /** What an append is writing now: an exit writes it again, to the same place. */
  #writing: Buffer | undefined;

  private constructor(fd: number, size: number) {
    this.#fd = fd;
    this.#size = size;
  }

  /** A new file with its first line, on disk with its name when this returns. */
  static create(path: string, firstLine: string): SpoolFile {
    const fd = openSync(path, "wx+", MODE);
    const bytes = Buffer.from(firstLine);
    writeFully(fd, bytes, 0);
    fsyncSync(fd);
    const folder = openSync(dirname(path), "r");
    try {
      fsyncSync(folder);
    } catch (cause) {
      // Some file systems cannot flush a folder and keep names in order by themselves.
      if (!isErrno(cause, "EINVAL", "EPERM", "EBADF", "EISDIR")) throw cause;
    } finally {
      closeSync(folder);
    }
    return new SpoolFile(fd, bytes.length);
  }

  /** An existing file, to be read only. */
  static open(path: string): SpoolFile {
    const fd = openSync(path, "r");
    return new SpoolFile(fd, fstatSync(fd).size);
  }

  get size(): number {
    return this.#size;
  }

  /** False once the file was removed or replaced: what is written to it then would vanish with this process. */
  isAt(path: string): boolean {
    const own = fstatSync(this.#fd);
    const there = statSync(path, { throwIfNoEntry: false });
    return there !== undefined && there.ino === own.ino && there.dev === own.dev;
  }

  /** Tells other processes that its owner lives. */
  touch(now: number): void {
    futimesSync(this.#fd, now / 1000, now / 1000);
  }

  /** On disk when it settles; all or nothing. */
  async append(lines: string): Promise<void> {
    const bytes = Buffer.from(lines);
    const start = this.#size;
    this.#writing = bytes;
    try {
      for (let at = 0; at < bytes.length; ) at += (await writeAt(this.#fd, bytes, at, bytes.length - at, start + at)).bytesWritten;
      await flush(this.#fd);
    } catch (cause) {
      this.#writing = undefined;
      await truncateTo(this.#fd, start);
      throw cause;
    }
    // An exit in between wrote the same bytes and more behind them.
    if (this.#writing !== bytes) return;
    this.#writing = undefined;
    this.#size = start + bytes.length;
  }

  appendSync(lines: string): void {
    const bytes = Buffer.concat([this.#writing ?? Buffer.alloc(0), Buffer.from(lines)]);
    this.#writing = undefined;
    try {
      writeFully(this.#fd, bytes, this.#size);
      fdatasyncSync(this.#fd);
    } catch (cause) {
      ftruncateSync(this.#fd, this.#size);
      throw cause;
    }
    this.#size += bytes.length;
  }

  /** Whole lines from an offset on, as many as one chunk holds, at least one where there is one. `end` is where the next begin. */
  async read(offset: number): Promise<SpoolLines> {
    for (let length = CHUNK; ; length *= 2) {
      const want = Math.min(length, this.#size - offset);
      const chunk = Buffer.allocUnsafe(want);
      let got = 0;
      while (got < want) {
        const { bytesRead } = await readAt(this.#fd, chunk, got, want - got, offset + got);
        if (bytesRead === 0) break;
        got += bytesRead;
      }
      const lines = splitLines(chunk.subarray(0, got), offset);
      if (lines.records.length > 0 || got < length) return lines;
      if (length > LONGEST_LINE) return { records: [{ record: { kind: "damaged" }, end: offset + got }], end: offset + got, rest: 0 };
    }
  }

  /** The first line; undefined where it is not whole. */
  firstLine(): SpoolRecord | undefined {
    const chunk = Buffer.alloc(Math.min(4_096, this.#size));
    const got = chunk.length === 0 ? 0 : readSync(this.#fd, chunk, 0, chunk.length, 0);
    const end = chunk.subarray(0, got).indexOf(0x0a);
    return end < 0 ? undefined : parseSpoolLine(chunk.subarray(0, end));
  }

  /** Keeps the first line only. */
  async clear(): Promise<number> {
    const { records } = await this.read(0);
    const end = records[0]?.end ?? 0;
    await truncateTo(this.#fd, end);
    this.#size = end;
    return end;
  }

  close(): Promise<void> {
    return closeFd(this.#fd);
  }

  closeSync(): void {
    closeSync(this.#fd);
  }
}

export interface SpoolLines {
  readonly records: readonly { readonly record: SpoolRecord; readonly end: number }[];
  readonly end: number;
  /** Bytes behind the last line break. */
  readonly rest: number;
}

function splitLines(chunk: Buffer, offset: number): SpoolLines {
  const records: { record: SpoolRecord; end: number }[] = [];
  let at = 0;
  for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, at)) {
    records.push({ record: parseSpoolLine(chunk.subarray(at, end)), end: offset + end + 1 });
    at = end + 1;
  }
  return { records, end: offset + at, rest: chunk.length - at };
}

function writeFully(fd: number, bytes: Buffer, position: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, position + at);
}

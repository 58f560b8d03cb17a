import { closeSync, fsyncSync, futimesSync, openSync, read, readSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { AppendFile } from "./append-file.ts";
import { isErrno } from "./node-error.ts";

/**
 * The spool on disk: lines of text, each with a checksum, so that a torn or damaged line is noticed and costs no other line.
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
/** Most bytes of a line. A longer one has lost its line break. */
const LONGEST_LINE = 4 * 1024 * 1024;

const readAt = promisify(read);

/** An open spool file. */
export class SpoolFile {
  readonly #file: AppendFile;

  private constructor(file: AppendFile) {
    this.#file = file;
  }

  /** Creates a file with its first line; both are on disk when this returns. */
  static create(path: string, firstLine: string): SpoolFile {
    const file = new AppendFile(path, "wx+", MODE);
    file.appendSync(firstLine);
    const folder = openSync(dirname(path), "r");
    try {
      fsyncSync(folder);
    } catch (cause) {
      // Some file systems cannot flush a folder, and keep names in order on their own.
      if (!isErrno(cause, "EINVAL", "EPERM", "EBADF", "EISDIR")) throw cause;
    } finally {
      closeSync(folder);
    }
    return new SpoolFile(file);
  }

  /** Opens an existing file for reading. */
  static open(path: string): SpoolFile {
    return new SpoolFile(new AppendFile(path, "r", MODE));
  }

  get size(): number {
    return this.#file.size;
  }

  isAt(path: string): boolean {
    return this.#file.isAt(path);
  }

  /** Shows other processes that the owner lives. */
  touch(now: number): void {
    futimesSync(this.#file.fd, now / 1000, now / 1000);
  }

  /** Appends all or nothing; on disk when it resolves. */
  append(lines: string): Promise<void> {
    return this.#file.append(lines, { flushed: true });
  }

  appendSync(lines: string): void {
    this.#file.appendSync(lines);
  }

  /** Reads whole lines from an offset on: as many as one chunk holds, at least one if there is one. `end` is the next offset. */
  async read(offset: number): Promise<SpoolLines> {
    for (let length = CHUNK; ; length *= 2) {
      const want = Math.min(length, this.size - offset);
      const chunk = Buffer.allocUnsafe(want);
      let got = 0;
      while (got < want) {
        const { bytesRead } = await readAt(this.#file.fd, chunk, got, want - got, offset + got);
        if (bytesRead === 0) break;
        got += bytesRead;
      }
      const lines = splitLines(chunk.subarray(0, got), offset);
      if (lines.records.length > 0 || got < length) return lines;
      if (length > LONGEST_LINE) return { records: [{ record: { kind: "damaged" }, end: offset + got }], end: offset + got, rest: 0 };
    }
  }

  /** The first line; undefined if it is incomplete. */
  firstLine(): SpoolRecord | undefined {
    const chunk = Buffer.alloc(Math.min(4_096, this.size));
    const got = chunk.length === 0 ? 0 : readSync(this.#file.fd, chunk, 0, chunk.length, 0);
    const end = chunk.subarray(0, got).indexOf(0x0a);
    return end < 0 ? undefined : parseSpoolLine(chunk.subarray(0, end));
  }

  /** Removes all lines but the first. */
  async clear(): Promise<number> {
    const { records } = await this.read(0);
    const end = records[0]?.end ?? 0;
    await this.#file.truncate(end);
    return end;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  closeSync(): void {
    this.#file.closeSync();
  }
}

export interface SpoolLines {
  readonly records: readonly { readonly record: SpoolRecord; readonly end: number }[];
  readonly end: number;
  /** Bytes after the last line break. */
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

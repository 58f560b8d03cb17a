import {
  close,
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncate,
  ftruncateSync,
  openSync,
  statSync,
  write,
  writeSync,
} from "node:fs";
import { promisify } from "node:util";

const writeAt = promisify(write);
const flush = promisify(fdatasync);
const truncateTo = promisify(ftruncate);
const closeFd = promisify(close);

/**
 * A file that one process appends to. A failed append leaves no bytes. An append that an exit interrupts is written again to the same
 * place, so that its bytes are there once.
 */
export class AppendFile {
  readonly fd: number;
  #size: number;
  /** Bytes of the append under way. */
  #writing: Buffer | undefined;

  /** @param flags of open(2), for reading and writing, without O_APPEND: every write names its place */
  constructor(path: string, flags: string | number, mode: number) {
    this.fd = openSync(path, flags, mode);
    this.#size = fstatSync(this.fd).size;
  }

  get size(): number {
    return this.#size;
  }

  /** Returns false after the file was removed or replaced: bytes written to it would vanish with this process. */
  isAt(path: string): boolean {
    const own = fstatSync(this.fd);
    const there = statSync(path, { throwIfNoEntry: false });
    return there !== undefined && there.ino === own.ino && there.dev === own.dev;
  }

  async append(text: string, { flushed }: { readonly flushed: boolean }): Promise<void> {
    const bytes = Buffer.from(text);
    const start = this.#size;
    this.#writing = bytes;
    try {
      for (let at = 0; at < bytes.length; ) at += (await writeAt(this.fd, bytes, at, bytes.length - at, start + at)).bytesWritten;
      if (flushed) await flush(this.fd);
    } catch (cause) {
      this.#writing = undefined;
      await truncateTo(this.fd, start);
      throw cause;
    }
    if (this.#writing !== bytes) return;
    this.#writing = undefined;
    this.#size = start + bytes.length;
  }

  /** For an exit: finishes the open `append` first, and flushes. */
  appendSync(text: string): void {
    const bytes = Buffer.concat([this.#writing ?? Buffer.alloc(0), Buffer.from(text)]);
    this.#writing = undefined;
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at, bytes.length - at, this.#size + at);
      fdatasyncSync(this.fd);
    } catch (cause) {
      ftruncateSync(this.fd, this.#size);
      throw cause;
    }
    this.#size += bytes.length;
  }

  async truncate(size: number): Promise<void> {
    await truncateTo(this.fd, size);
    this.#size = size;
  }

  truncateSync(size: number): void {
    if (size === this.#size) return;
    ftruncateSync(this.fd, size);
    this.#size = size;
  }

  close(): Promise<void> {
    return closeFd(this.fd);
  }

  closeSync(): void {
    closeSync(this.fd);
  }
}

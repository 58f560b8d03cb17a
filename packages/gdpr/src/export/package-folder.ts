import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DaybookError } from "@daybook/core";
import type { Encrypter } from "age-encryption";
import { encryptedBytes, type FileBytes, plainBytes } from "./file-bytes.ts";

/** One file of a package: its name, what it holds, and the SHA-256 of its bytes, hexadecimal; as it was before it was encrypted. */
export interface PackagedFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Entries in it, where it holds entries. */
  readonly rows?: number;
}

const BUFFER_BYTES = 1 << 16;

/** A file that is written once, front to back, and hashed on the way. Text is encoded at once, so that none of it waits as garbage. */
export class PackageFile {
  readonly path: string;
  readonly #file: FileBytes;
  readonly #hash = createHash("sha256");
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;
  #bytes = 0;
  #rows: number | undefined;

  constructor(path: string, file: FileBytes) {
    this.path = path;
    this.#file = file;
  }

  write(text: string): void {
    // UTF-8 takes at most three bytes for each UTF-16 unit.
    if (text.length * 3 > BUFFER_BYTES - this.#used) this.#flush();
    if (text.length * 3 > BUFFER_BYTES) this.#put(Buffer.from(text, "utf8"));
    else this.#used += this.#buffer.write(text, this.#used, "utf8");
  }

  /** Counts an entry. */
  row(text: string): void {
    this.#rows = (this.#rows ?? 0) + 1;
    this.write(text);
  }

  finish(): PackagedFile {
    this.#flush();
    this.#file.close();
    const rows = this.#rows === undefined ? {} : { rows: this.#rows };
    return { path: this.path, sha256: this.#hash.digest("hex"), bytes: this.#bytes, ...rows };
  }

  #flush(): void {
    if (this.#used > 0) this.#put(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  #put(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    this.#file.put(bytes);
  }
}

export interface PackageFolder {
  file(name: string): PackageFile;
  /** Settles when everything written so far has been taken over; of finished files, when they are on the disk. */
  drained(): Promise<void>;
  /** All files are finished: the folder appears under its name now. */
  complete(): void;
  /** Removes everything that was written. */
  discard(): void;
}

/**
 * A folder that only its owner can read, and that appears when it is complete. It has to be new or empty, so that nothing of somebody
 * else gets into a package.
 * @param encrypter with one, files get the ending `.age`, and nothing else is ever on the disk
 * @throws {DaybookError} `BAD_OPTION`
 */
export function packageFolder(path: string, encrypter?: Encrypter): PackageFolder {
  const target = resolve(path);
  const unfinished = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.unfinished`);
  const there = isThere(target);
  try {
    mkdirSync(unfinished, { mode: 0o700 });
  } catch (cause) {
    throw new DaybookError("BAD_OPTION", `${path}: ${(cause as Error).message}`, { cause });
  }
  const files: FileBytes[] = [];
  return {
    file(name) {
      const at = join(unfinished, name);
      const file = encrypter === undefined ? plainBytes(at) : encryptedBytes(`${at}.age`, encrypter);
      files.push(file);
      return new PackageFile(name, file);
    },
    async drained() {
      for (const file of files) await file.drained();
    },
    complete() {
      if (there) rmdirSync(target);
      renameSync(unfinished, target);
    },
    discard() {
      for (const file of files) file.abandon();
      rmSync(unfinished, { recursive: true, force: true });
    },
  };
}

/** Whether there is an empty folder already. */
function isThere(path: string): boolean {
  try {
    if (readdirSync(path).length === 0) return true;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return false;
    throw new DaybookError("BAD_OPTION", `${path}: ${message}`, { cause });
  }
  throw new DaybookError("BAD_OPTION", `${path} is not empty; choose a folder that does not exist yet.`);
}

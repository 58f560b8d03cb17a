import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DaybookError } from "@daybook/core";
import { defined } from "@daybook/core/store";
import type { Encrypter } from "age-encryption";
import { encryptedBytes, type FileBytes, plainBytes } from "./file-bytes.ts";

/** One file of a package, as it was before it was encrypted. */
export interface PackagedFile {
  /** Name in the package. */
  readonly path: string;
  /** SHA-256 of its bytes, hexadecimal. */
  readonly sha256: string;
  /** Its length. */
  readonly bytes: number;
  /** Number of entries in it, if it has entries. */
  readonly rows?: number;
}

const BUFFER_BYTES = 1 << 16;

/** A file that is written once, front to back, and hashed on the way. Text is encoded at once, which spares the garbage collector. */
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
    const rows = defined({ rows: this.#rows });
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
  /** Resolves when everything written so far is taken over, and finished files are on the disk. */
  drained(): Promise<void>;
  /** Gives the folder its name, after all files are finished. */
  complete(): void;
  /** Removes everything that was written. */
  discard(): void;
}

/**
 * A folder that only its owner can read, and that appears when it is complete. It must be new or empty, so that no data of another
 * person gets into a package.
 * @param encrypter if given, files end in `.age`, and no plain text reaches the disk
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

/** True if there is an empty folder already. @throws {DaybookError} `BAD_OPTION` */
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

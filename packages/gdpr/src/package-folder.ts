import { createHash } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DaybookError } from "@daybook/core";

/** One file of a package: its name, what it holds, and the SHA-256 of its bytes, hexadecimal. */
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
  readonly #file: number;
  readonly #hash = createHash("sha256");
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;
  #bytes = 0;
  #rows: number | undefined;

  constructor(folder: string, path: string) {
    this.path = path;
    this.#file = openSync(join(folder, path), "wx", 0o600);
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
    fsyncSync(this.#file);
    closeSync(this.#file);
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
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
  }
}

/** A folder that only its owner can read; it has to be new or empty, so that nothing of somebody else gets into a package. */
export function packageFolder(path: string): { file(name: string): PackageFile } {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== "EEXIST") throw new DaybookError("BAD_OPTION", `${path}: ${message}`, { cause });
    if (readdirSync(path).length > 0)
      throw new DaybookError("BAD_OPTION", `${path} is not empty; choose a folder that does not exist yet.`);
  }
  return { file: (name) => new PackageFile(path, name) };
}

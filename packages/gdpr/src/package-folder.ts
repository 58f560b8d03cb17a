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

const BUFFER = 1 << 18;

/** A file that is written once, front to back, and hashed on the way. */
export class PackageFile {
  readonly path: string;
  readonly #file: number;
  readonly #hash = createHash("sha256");
  #waiting = "";
  #bytes = 0;
  #rows: number | undefined;

  constructor(folder: string, path: string) {
    this.path = path;
    this.#file = openSync(join(folder, path), "wx", 0o600);
  }

  write(text: string): void {
    this.#waiting += text;
    if (this.#waiting.length >= BUFFER) this.#flush();
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
    return {
      path: this.path,
      sha256: this.#hash.digest("hex"),
      bytes: this.#bytes,
      ...(this.#rows === undefined ? {} : { rows: this.#rows }),
    };
  }

  #flush(): void {
    const bytes = Buffer.from(this.#waiting.toWellFormed(), "utf8");
    this.#waiting = "";
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

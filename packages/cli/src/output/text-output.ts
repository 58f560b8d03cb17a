import { randomBytes } from "node:crypto";
import { closeSync, fchmodSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UsageError } from "../process/usage-error.ts";

/** The output of a verb. */
export interface TextOutput {
  /** True after the reader has closed, as after `| head`. Later text is dropped. */
  readonly ended: boolean;
  /** Settles when more may be written, and bytes may be used again. */
  write(text: string | Uint8Array): Promise<void>;
  /** Everything was written: a file appears under its name now. Does nothing after `discard`. */
  close(): void;
  /** Drops an incomplete output: a file of that name is unchanged. Does nothing after `close`. */
  discard(): void;
}

/**
 * Standard output, or a file that only its owner can read and that appears when it is complete.
 * @throws {UsageError} when the file cannot be written
 */
export function textOutput(path: string | undefined): TextOutput {
  if (path === undefined) return new StandardOutput();
  const target = statSync(path, { throwIfNoEntry: false });
  if (target === undefined || target.isFile()) return new PrivateFile(path);
  if (target.isDirectory()) throw new UsageError(`--output: ${path} is a folder; give the name of a file in it.`);
  return new Device(path);
}

/**
 * Runs `work` with an output, and closes or discards it.
 * @throws {UsageError} when the file cannot be written
 */
export async function writeTo<T>(path: string | undefined, work: (output: TextOutput) => Promise<T>): Promise<T> {
  const output = textOutput(path);
  // No incomplete file stays, even if a signal ends the process.
  const discard = () => output.discard();
  process.once("exit", discard);
  try {
    const result = await work(output);
    output.close();
    return result;
  } catch (cause) {
    output.discard();
    throw cause;
  } finally {
    process.removeListener("exit", discard);
  }
}

class StandardOutput implements TextOutput {
  ended = false;

  write(text: string | Uint8Array): Promise<void> {
    if (this.ended || text.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => {
        if (error == null) return resolve();
        if ((error as NodeJS.ErrnoException).code !== "EPIPE") return reject(error);
        this.ended = true;
        resolve();
      });
    });
  }

  close(): void {}
  discard(): void {}
}

/** A pipe or a terminal given by name: there is nothing to replace. */
class Device implements TextOutput {
  readonly ended = false;
  readonly #file: number;
  #open = true;

  constructor(path: string) {
    this.#file = opened(path, "w");
  }

  async write(text: string | Uint8Array): Promise<void> {
    writeFully(this.#file, text);
  }

  close(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }

  discard(): void {
    this.close();
  }
}

class PrivateFile implements TextOutput {
  readonly ended = false;
  readonly #path: string;
  readonly #unfinished: string;
  readonly #file: number;
  #open = true;

  constructor(path: string) {
    this.#path = statSync(path, { throwIfNoEntry: false }) === undefined ? path : realpathSync(path);
    this.#unfinished = join(dirname(this.#path), `.${basename(this.#path)}.${randomBytes(6).toString("hex")}.unfinished`);
    this.#file = opened(this.#unfinished, "wx");
    fchmodSync(this.#file, 0o600);
  }

  async write(text: string | Uint8Array): Promise<void> {
    writeFully(this.#file, text);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    fsyncSync(this.#file);
    closeSync(this.#file);
    renameSync(this.#unfinished, this.#path);
  }

  discard(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#file);
    rmSync(this.#unfinished, { force: true });
  }
}

function opened(path: string, flags: "w" | "wx"): number {
  try {
    return openSync(path, flags, 0o600);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new UsageError(`--output: the folder ${dirname(path)} does not exist.`);
    if (code === "EACCES" || code === "EROFS") throw new UsageError(`--output: the folder ${dirname(path)} may not be written to.`);
    throw new UsageError(`--output: ${(cause as Error).message}`);
  }
}

/** `writeSync` may write less than it was given. */
function writeFully(file: number, text: string | Uint8Array): void {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

import { once } from "node:events";
import { closeSync, fchmodSync, openSync, writeSync } from "node:fs";
import { UsageError } from "../usage-error.ts";

/** Where a verb writes its data. */
export interface TextOutput {
  write(text: string): Promise<void>;
  close(): Promise<void>;
}

/** Standard output, or a file readable by nobody else. */
export function textOutput(path: string | undefined): TextOutput {
  return path === undefined ? new StandardOutput() : new PrivateFile(path);
}

/** Waits where the reader is slow; ends quietly where the reader has gone, as `head` does. */
class StandardOutput implements TextOutput {
  async write(text: string): Promise<void> {
    if (text === "") return;
    if (!process.stdout.write(text)) await once(process.stdout, "drain");
  }

  async close(): Promise<void> {}
}

class PrivateFile implements TextOutput {
  readonly #file: number;

  constructor(path: string) {
    try {
      this.#file = openSync(path, "w", 0o600);
      fchmodSync(this.#file, 0o600);
    } catch (cause) {
      throw new UsageError(`--output: ${(cause as Error).message}`);
    }
  }

  async write(text: string): Promise<void> {
    writeSync(this.#file, text);
  }

  async close(): Promise<void> {
    closeSync(this.#file);
  }
}

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { DaybookError } from "@daybook/core";
import { defined } from "@daybook/core/store";
import { type Checkpoint, formatVkey, isLedgerError, KEY_TYPE, parseVkey, type WitnessedLog, type WitnessState } from "@daybook/ledger";

const FORMAT = "daybook-witness/1";

interface StateFile {
  readonly format: string;
  readonly logs: readonly {
    readonly origin: string;
    readonly vkeys: readonly string[];
    readonly last?: { readonly size: number; readonly root: string };
  }[];
}

/**
 * The last checkpoint of each log, in a file that one process uses at a time. Two witnesses with one state could cosign two
 * different histories.
 */
export class WitnessStateFile {
  readonly #path: string;
  #logs: Map<string, WitnessedLog>;

  private constructor(path: string, logs: Map<string, WitnessedLog>) {
    this.#path = path;
    this.#logs = logs;
  }

  /**
   * Takes the file for this process until `close`.
   * @param create true starts without logs if the file is missing. Otherwise a missing file is refused: a witness without memory lets a
   * log roll back
   * @throws {DaybookError} `CONFIG_INVALID`
   */
  static open(path: string, { create = false } = {}): WitnessStateFile {
    lock(path);
    try {
      return new WitnessStateFile(path, readLogs(path, create));
    } catch (cause) {
      unlock(path);
      throw cause;
    }
  }

  get logs(): WitnessState {
    return this.#logs;
  }

  /**
   * Adds a log, or one more key of a log.
   * @param vkey its verifier key, type 0x01
   * @param origin default: the name of the key
   * @throws {DaybookError} `BAD_OPTION`
   */
  addLog(vkey: string, origin?: string): void {
    let key: ReturnType<typeof parseVkey>;
    try {
      key = parseVkey(vkey);
    } catch (cause) {
      if (!isLedgerError(cause)) throw cause;
      throw new DaybookError("BAD_OPTION", cause.hint, { cause });
    }
    if (key.type !== KEY_TYPE.signature) throw new DaybookError("BAD_OPTION", `${key.name} is the key of a witness, not of a log.`);
    const name = origin ?? key.name;
    const known = this.#logs.get(name);
    if (known?.vkeys.some((other) => formatVkey(other) === vkey)) return;
    this.#store(new Map([...this.#logs, [name, { ...known, vkeys: [...(known?.vkeys ?? []), key] }]]));
  }

  /** Remembers a checkpoint as the last one of its log. When this returns, the file holds it. */
  accept(checkpoint: Checkpoint): void {
    const { origin, size, root } = checkpoint;
    const log = this.#logs.get(origin);
    if (log === undefined) throw new Error(`${origin} is not known`);
    this.#store(new Map([...this.#logs, [origin, { ...log, last: { origin, size, root } }]]));
  }

  close(): void {
    unlock(this.#path);
  }

  /** Writes the file first, and changes the memory after that. */
  #store(logs: Map<string, WitnessedLog>): void {
    const file: StateFile = {
      format: FORMAT,
      logs: Array.from(logs, ([origin, { vkeys, last }]) => ({
        origin,
        vkeys: vkeys.map(formatVkey),
        ...defined({ last: last && { size: last.size, root: Buffer.from(last.root).toString("base64") } }),
      })),
    };
    const draft = `${this.#path}.draft`;
    const fd = openSync(draft, "w", 0o600);
    try {
      writeSync(fd, `${JSON.stringify(file, null, 2)}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, this.#path);
    syncFolder(dirname(this.#path));
    this.#logs = logs;
  }
}

function readLogs(path: string, create: boolean): Map<string, WitnessedLog> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw invalid(path, (cause as Error).message, cause);
    if (create) return new Map();
    throw invalid(path, "it does not exist; `daybook witness add-log` makes it", cause);
  }
  try {
    const { format, logs } = JSON.parse(text) as StateFile;
    if (format !== FORMAT) throw new Error(`\`format\` is not ${FORMAT}`);
    return new Map(
      logs.map(({ origin, vkeys, last }) => [
        origin,
        { vkeys: vkeys.map(parseVkey), ...defined({ last: last && readLast(origin, last) }) },
      ]),
    );
  } catch (cause) {
    throw invalid(path, (cause as Error).message, cause);
  }
}

function readLast(origin: string, { size, root: encoded }: { readonly size: number; readonly root: string }): Checkpoint {
  const root = Buffer.from(encoded, "base64");
  if (!Number.isSafeInteger(size) || size < 0 || root.length !== 32) throw new Error(`the last checkpoint of ${origin} is malformed`);
  return { origin, size, root };
}

function lock(path: string): void {
  const file = lockOf(path);
  for (let tries = 0; tries < 2; tries++) {
    try {
      const fd = openSync(file, "wx", 0o600);
      writeSync(fd, String(process.pid));
      closeSync(fd);
      return;
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      if (code !== "EEXIST") throw invalid(path, message, cause);
      const holder = Number(readFileSync(file, "utf8"));
      if (!isGone(holder))
        throw invalid(path, `process ${holder} uses it; stop that first, or remove ${file} if it is none of Daybook's`, cause);
      rmSync(file, { force: true });
    }
  }
  throw invalid(path, "another process has just taken it");
}

const unlock = (path: string) => rmSync(lockOf(path), { force: true });
const lockOf = (path: string) => `${path}.lock`;

function isGone(pid: number): boolean {
  // A file without a number is still being written: its owner is alive.
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

const invalid = (path: string, what: string, cause?: unknown) =>
  new DaybookError("CONFIG_INVALID", `The witness's state ${path} cannot be used: ${what}.`, cause === undefined ? undefined : { cause });

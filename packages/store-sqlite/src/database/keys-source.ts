import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { DaybookError } from "@daybook/core";
import { formatKeys, type LedgerKeys, newKeys, parseKeys } from "@daybook/ledger";

/** Keys and their source. `beside` means next to the database: a thief of the folder has both. */
export interface FoundKeys {
  /** The parsed keys. */
  readonly keys: LedgerKeys;
  /** Source of the keys. */
  readonly from: "option" | "environment" | "file" | "beside";
  /** Warnings for the operator, one sentence each. */
  readonly warnings: readonly string[];
}

/** Default path of the keys file: `<database>.keys`. */
export const keysPathOf = (databasePath: string): string => `${databasePath}.keys`;

/**
 * Finds the keys of a log. The first source wins: the option, then `DAYBOOK_KEYS` (the JSON itself) or
 * `DAYBOOK_KEYS_FILE` (a path), then the file beside the database.
 * @returns undefined if no source has keys
 * @throws {DaybookError} `KEYS_INVALID`, `KEYS_TOO_OPEN`
 */
export function findKeys(databasePath: string, option: string | undefined, env: NodeJS.ProcessEnv = process.env): FoundKeys | undefined {
  if (option !== undefined) return { keys: readKeys(option, "the option `keys`"), from: "option", warnings: [] };
  const { DAYBOOK_KEYS: inline, DAYBOOK_KEYS_FILE: named } = env;
  if (inline && named) throw new DaybookError("KEYS_INVALID", "Set DAYBOOK_KEYS or DAYBOOK_KEYS_FILE, not both.");
  if (inline) return { keys: readKeys(inline, "DAYBOOK_KEYS"), from: "environment", warnings: [] };
  if (named) {
    const stats = statOf(named, statSync);
    if (stats === undefined) throw new DaybookError("KEYS_INVALID", `DAYBOOK_KEYS_FILE names ${named}, which does not exist.`);
    if (process.platform !== "win32" && (stats.mode & 0o022) !== 0) {
      throw new DaybookError("KEYS_TOO_OPEN", `Others can change ${named}: run \`chmod go-w ${named}\`.`);
    }
    const readable = process.platform !== "win32" && (stats.mode & 0o044) !== 0;
    return {
      keys: readKeys(readText(named), named),
      from: "file",
      warnings: readable ? [`others can read the keys in ${named}: run \`chmod go-r ${named}\` unless the platform mounts it so.`] : [],
    };
  }
  const beside = keysPathOf(databasePath);
  const stats = statOf(beside, lstatSync);
  if (stats === undefined) return undefined;
  if (!stats.isFile())
    throw new DaybookError("KEYS_TOO_OPEN", `${beside} is not a regular file; put the keys there themselves, or set DAYBOOK_KEYS_FILE.`);
  const warnings: string[] = [];
  if (process.platform === "win32") warnings.push(`the permissions of ${beside} were not checked on this system.`);
  else {
    if ((stats.mode & 0o077) !== 0) throw new DaybookError("KEYS_TOO_OPEN", `Others can read ${beside}: run \`chmod 600 ${beside}\`.`);
    const uid = process.geteuid?.();
    if (uid !== undefined && uid !== 0 && stats.uid !== uid)
      throw new DaybookError("KEYS_TOO_OPEN", `${beside} belongs to another user than this process.`);
  }
  return { keys: readKeys(readText(beside), beside), from: "beside", warnings };
}

/**
 * Creates the keys of a new log beside its database, mode 0600. If several processes start at once, one creates the
 * keys and the others read them: the complete file appears under its name atomically.
 */
export function makeKeys(databasePath: string): { readonly keys: LedgerKeys; readonly made: boolean } {
  const path = keysPathOf(databasePath);
  const keys = newKeys(`localhost/daybook/${randomBytes(6).toString("hex")}`, randomBytes);
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const file = openSync(draft, "wx", 0o600);
  try {
    writeSync(file, formatKeys(keys));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  chmodSync(draft, 0o600);
  try {
    linkSync(draft, path);
    return { keys, made: true };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    return { keys: readKeys(readText(path), path), made: false };
  } finally {
    rmSync(draft);
  }
}

/**
 * The keys of a log that an operation changes, and their file.
 * @throws {DaybookError} `KEYS_MISSING`; `BAD_OPTION`: the keys are not in a file
 */
export function keysToChange(databasePath: string, givenPath: string): { readonly keys: LedgerKeys; readonly file: string } {
  const found = findKeys(databasePath, undefined);
  if (found === undefined) throw new DaybookError("KEYS_MISSING", `There are no keys of ${givenPath}; set DAYBOOK_KEYS_FILE.`);
  if (found.from === "beside") return { keys: found.keys, file: keysPathOf(databasePath) };
  const { DAYBOOK_KEYS_FILE: file } = process.env;
  if (found.from === "file" && file !== undefined) return { keys: found.keys, file };
  throw new DaybookError("BAD_OPTION", "The keys are in an environment variable; change them at their source.");
}

/** Atomic: a reader never finds half of the keys. */
export function replaceKeys(file: string, keys: LedgerKeys): void {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const fd = openSync(draft, "wx", 0o600);
  try {
    writeSync(fd, formatKeys(keys));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(draft, file);
}

function readKeys(text: string, place: string): LedgerKeys {
  try {
    return parseKeys(text);
  } catch (cause) {
    throw new DaybookError(
      "KEYS_INVALID",
      `${place} holds no keys of a Daybook log: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new DaybookError("KEYS_INVALID", `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function statOf(path: string, stat: (path: string, options: { throwIfNoEntry: false }) => Stats | undefined): Stats | undefined {
  try {
    return stat(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new DaybookError("KEYS_INVALID", `${path} cannot be looked at: ${(cause as Error).message}`, { cause });
  }
}

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { formatKeys, formatVkey, isLedgerError, KEY_TYPE, type LedgerKeys, makeVkey, newKeys, splitKeys, vkeyOf } from "@daybook/ledger";
import { addPseudonymEpoch, destroyPseudonymEpoch, type FoundKeys, findKeys, keysPathOf, rotateLedgerRoot } from "@daybook/store-sqlite";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { UsageError } from "../process/usage-error.ts";
import { databasePath, readConfiguration } from "../trail/configuration.ts";
import { refuseMissing } from "../trail/trail.ts";

export interface DestroySubOptions extends KeysOptions {
  readonly confirm?: boolean;
}

export interface KeysOptions {
  readonly db?: string;
}

export interface RotateOptions extends KeysOptions {
  readonly confirm?: boolean;
}

export interface KeysSplitOptions extends KeysOptions {
  readonly for: "app" | "checkpointer" | "auditor";
  readonly output: string;
}

export interface KeygenOptions {
  readonly witness?: boolean;
  readonly output: string;
}

export const WITNESS_KEY_FORMAT = "daybook-witness-key/1";

export async function keygen(name: string, { witness = false, output }: KeygenOptions): Promise<ExitStatus> {
  try {
    if (witness) {
      const { privateKey } = generateKeyPairSync("ed25519");
      const vkey = formatVkey(makeVkey(name, privateKey, KEY_TYPE.cosignature));
      const key = privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
      writeSecret(output, `${JSON.stringify({ format: WITNESS_KEY_FORMAT, name, key })}\n`);
      process.stdout.write(`${vkey}\n`);
    } else {
      const keys = newKeys(name, randomBytes);
      writeSecret(output, formatKeys(keys));
      process.stdout.write(`${vkeyOf(keys, 1)}\n`);
    }
    return EXIT.ok;
  } catch (cause) {
    if (isLedgerError(cause)) throw new UsageError(cause.hint);
    throw cause;
  }
}

export async function show({ db }: KeysOptions): Promise<ExitStatus> {
  const { keys, from, warnings } = await foundKeys(db);
  const lines = [
    `log        ${keys.name}`,
    `from       ${from}${from === "beside" ? " the database: an attacker who reads both can rewrite the log unnoticed" : ""}`,
    `public     ${keys.public === undefined ? "–" : vkeyOf(keys, 1)}`,
    `root       ${have(keys.root)}`,
    `seal       ${have(keys.seal)}`,
    `sign       ${have(keys.sign)}`,
    `pseudonyms ${keys.sub.length === 0 ? "–" : keys.sub.map(({ kid }) => kid).join(", ")}`,
    `suppress   ${have(keys.suppress)}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  for (const warning of warnings) process.stderr.write(`daybook: ${warning}\n`);
  return EXIT.ok;
}

const have = (key: unknown) => (key === undefined ? "–" : "yes");

export async function split({ db, for: role, output }: KeysSplitOptions): Promise<ExitStatus> {
  const { keys } = await foundKeys(db);
  let part: LedgerKeys;
  try {
    part = splitKeys(keys, role);
  } catch (cause) {
    if (!isLedgerError(cause)) throw cause;
    throw new UsageError(cause.hint);
  }
  writeSecret(output, formatKeys(part));
  return EXIT.ok;
}

export async function rotate({ db, confirm = false }: RotateOptions): Promise<ExitStatus> {
  const path = await existing(db);
  if (!confirm) {
    const { keys } = await foundKeys(db);
    if (keys.root === undefined) throw new UsageError("Only complete keys, with their root, can be rotated; these were split for a role.");
    process.stdout.write(`would replace the keys of ${keys.name}; new checkpoints would be signed with both keys for 30 days\n`);
    process.stderr.write(
      "daybook: nothing was changed; stop the application, which would continue with the old keys, and add --confirm.\n",
    );
    return EXIT.ok;
  }
  const { vkey, before, bothSignUntil } = rotateLedgerRoot(path);
  process.stdout.write(`${vkey}\n`);
  process.stderr.write(
    `daybook: checkpoints are signed with the old key ${before}, too, until ${bothSignUntil}.\n` +
      "daybook: give the new public key to all verifiers, and split the keys again for each role.\n",
  );
  return EXIT.ok;
}

export async function rotateSub({ db }: KeysOptions): Promise<ExitStatus> {
  const { kid, live } = addPseudonymEpoch(await existing(db));
  process.stdout.write(`key epoch ${kid} begins; live: ${live.join(", ")}\n`);
  process.stderr.write("daybook: restart the application, which still has the old keys in memory.\n");
  return EXIT.ok;
}

export async function destroySub(kid: string, { db, confirm = false }: DestroySubOptions): Promise<ExitStatus> {
  const path = await existing(db);
  if (!confirm) {
    const { keys } = await foundKeys(db);
    if (!keys.sub.some((epoch) => epoch.kid === kid))
      throw new UsageError(`There is no key epoch ${kid}; live: ${keys.sub.map((epoch) => epoch.kid).join(", ")}.`);
    process.stdout.write(`would destroy the pseudonym key of key epoch ${kid}: its pseudonyms could never be linked to ids again\n`);
    process.stderr.write("daybook: nothing was changed; add --confirm. Destroy the other copies of the keys yourself.\n");
    return EXIT.ok;
  }
  const { live } = destroyPseudonymEpoch(path, kid);
  process.stdout.write(`key epoch ${kid} is destroyed; live: ${live.join(", ")}\n`);
  return EXIT.ok;
}

async function existing(db: string | undefined): Promise<string> {
  const path = databasePath(db, await readConfiguration());
  refuseMissing(path);
  return path;
}

async function foundKeys(db: string | undefined): Promise<FoundKeys> {
  const path = resolve(await existing(db));
  const found = findKeys(path, undefined);
  if (found === undefined) throw new UsageError(`There is no ${keysPathOf(path)}, and neither DAYBOOK_KEYS nor DAYBOOK_KEYS_FILE is set.`);
  return found;
}

/** A new file that only its owner can read. */
function writeSecret(path: string, text: string): void {
  let file: number;
  try {
    file = openSync(path, "wx", 0o600);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new UsageError(code === "EEXIST" ? `--output: ${path} exists; keys are never overwritten.` : `--output: ${message}`);
  }
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

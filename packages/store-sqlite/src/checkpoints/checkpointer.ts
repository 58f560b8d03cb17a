import { DaybookError, isDaybookError } from "@daybook/core";
import {
  commitPart,
  decodeEntry,
  Frontier,
  formatCheckpoint,
  isLedgerError,
  leafHash,
  openCheckpoint,
  parseVkey,
  sealKeyAt,
  sealNext,
  signersAt,
  signNote,
  type Vkey,
  vkeyOf,
} from "@daybook/ledger";
import { retryWhileBusy } from "../database/connection.ts";
import { one, present } from "../database/rows.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";
import { ledgerRows, type StoredRow } from "../reading/stored-rows.ts";

/** A signed statement about all entries below a size. */
export interface Checkpoint {
  readonly size: number;
  readonly note: string;
  /** False if the newest stored checkpoint already covered all entries. */
  readonly made: boolean;
}

interface CheckpointRow {
  readonly size: number;
  readonly note: string;
  readonly frontier: Uint8Array;
}

const STEP = 500;
const NEWEST = "SELECT size, note, frontier FROM daybook_checkpoint ORDER BY size DESC LIMIT 1";

const originOf = (db: Sqlite) => one(db.prepare<[], string>("SELECT value FROM daybook_meta WHERE key = 'origin'").pluck());

/**
 * If the newest checkpoint covers every row, as after an orderly end, the tree is known before the first write.
 * Otherwise the first checkpoint has to read all rows.
 */
export function knowTree({ db, ledger: { tree }, keys }: WriterScope): void {
  const version = tree.version();
  const last = db.prepare<[], CheckpointRow>(NEWEST).get();
  const newestRow = db.prepare<[], number | null>("SELECT max(seq) FROM daybook_entry").pluck().get();
  if (last === undefined || newestRow !== last.size - 1) return;
  try {
    tree.checked(trustedFrontier(last, originOf(db), keys), version);
  } catch (cause) {
    // The next checkpoint finds and reports the same damage.
    if (!isDaybookError(cause) || cause.code !== "LOG_DAMAGED") throw cause;
  }
}

/**
 * Makes a checkpoint of all stored entries. If another connection wrote some of them, it reads all rows above the
 * newest checkpoint and signs only if each row continues the log. A generator, so that the writer can store batches
 * between the steps.
 * @throws {DaybookError} `LOG_DAMAGED`: rows changed outside of the writer, nothing is signed; `KEYS_MISSING`
 */
export function* makeCheckpoint({ db, ledger: { tree }, keys, now }: WriterScope): Generator<void, Checkpoint> {
  if (keys.seal === undefined || keys.sign === undefined) {
    throw new DaybookError("KEYS_MISSING", "This process has no signing key; run `daybook checkpoint --watch` in the process that has it.");
  }
  const newest = db.prepare<[], CheckpointRow>(NEWEST);
  const origin = originOf(db);
  const last = newest.get();
  const trusted = last === undefined ? Frontier.empty() : trustedFrontier(last, origin, keys);
  const known = tree.frontier();
  const frontier = known ?? trusted;
  if (known === undefined) {
    const version = tree.version();
    yield* readOn(db, keys, frontier);
    tree.checked(frontier, version);
  }
  if (last !== undefined && frontier.size === last.size) return { size: last.size, note: last.note, made: false };
  const signers = signersAt(keys, now()).map((key) => ({ name: origin, key }));
  const note = signNote(formatCheckpoint(origin, frontier.size, frontier.root()), signers);
  return retryWhileBusy(() => {
    db.exec("BEGIN IMMEDIATE");
    try {
      const faster = newest.get();
      if (faster !== undefined && faster.size >= frontier.size) {
        db.exec("ROLLBACK");
        return { size: faster.size, note: faster.note, made: false };
      }
      db.prepare("INSERT INTO daybook_checkpoint (size, note, frontier, made) VALUES (?, ?, ?, ?)").run(
        frontier.size,
        note,
        frontier.toBytes(),
        new Date(now()).toISOString(),
      );
      db.exec("COMMIT");
      return { size: frontier.size, note, made: true };
    } catch (cause) {
      if (db.inTransaction) db.exec("ROLLBACK");
      throw cause;
    }
  });
}

/**
 * Grows the tree by every row above it. Each row must continue the log.
 * @throws {DaybookError} `LOG_DAMAGED`
 */
function* readOn(db: WriterScope["db"], keys: WriterScope["keys"], frontier: Frontier): Generator<void> {
  const read = ledgerRows(db);
  let seal: Uint8Array = new Uint8Array(16);
  if (frontier.size > 0) {
    const before = read(frontier.size - 1, 1).rows[0];
    if (before?.seq !== frontier.size - 1) throw damaged(`entry ${frontier.size - 1} is missing`);
    seal = before.seal;
  }
  for (;;) {
    const { rows } = read(frontier.size, STEP);
    for (const row of rows) {
      if (row.seq !== frontier.size) throw damaged(`entry ${frontier.size} is missing`);
      const leaf = checkedLeaf(row);
      seal = checkedSeal(present(sealKeyAt(keys, row.seq), "seal key"), row, seal, leaf);
      frontier.push(leaf);
    }
    if (rows.length < STEP) break;
    yield;
  }
}

export const generationOf = (origin: string): number => Number(origin.slice(origin.lastIndexOf("/") + 1));

/** The public keys of this log in every generation up to `upTo`, including those of earlier roots. */
export function generations({ name, retired, ...newest }: WriterScope["keys"], upTo: number): Vkey[] {
  const signing = [{ ...newest, name }, ...retired.flatMap((old) => (old.public === undefined ? [] : [{ name, public: old.public }]))];
  return signing.flatMap((keys) => Array.from({ length: upTo }, (_, i) => parseVkey(vkeyOf(keys, i + 1))));
}

function trustedFrontier({ size, note, frontier: bytes }: CheckpointRow, origin: string, keys: WriterScope["keys"]): Frontier {
  const vkeys = generations(keys, generationOf(origin));
  try {
    const opened = openCheckpoint(note, vkeys);
    const frontier = Frontier.fromBytes(bytes, size);
    if (opened.size !== size || Buffer.compare(opened.root, frontier.root()) !== 0)
      throw damaged(`the stored checkpoint of size ${size} does not match its note`);
    return frontier;
  } catch (cause) {
    if (!isLedgerError(cause)) throw cause;
    throw damaged(`the stored checkpoint of size ${size} cannot be used (${cause.code})`, cause);
  }
}

function checkedLeaf(row: StoredRow): Uint8Array {
  const decoded = decodeEntry(row.entry);
  if (decoded === null) throw damaged(`entry ${row.seq} is malformed`);
  const opens = (part: number, salt: Uint8Array | null, bytes: Uint8Array | null) => {
    if (salt === null || bytes === null) return;
    const commitment = decoded.commitments[part];
    if (commitment === undefined || Buffer.compare(commitPart(part, salt, bytes), commitment) !== 0)
      throw damaged(`part ${part} of entry ${row.seq} was changed`);
  };
  opens(0, row.salt0, row.head);
  opens(1, row.salt1, row.person);
  for (const { part, salt, data } of row.others) opens(part, salt, data);
  return leafHash(row.entry);
}

function checkedSeal(
  key: NonNullable<WriterScope["keys"]["seal"]>,
  { seq, seal }: StoredRow,
  before: Uint8Array,
  leaf: Uint8Array,
): Uint8Array {
  if (Buffer.compare(sealNext(key, seq, before, leaf), seal) !== 0) throw damaged(`entry ${seq} was not written with the key of this log`);
  return seal;
}

const damaged = (what: string, cause?: unknown) =>
  new DaybookError(
    "LOG_DAMAGED",
    `No checkpoint was signed: ${what}. Run \`daybook verify\` and keep a copy of the file.`,
    cause === undefined ? undefined : { cause },
  );

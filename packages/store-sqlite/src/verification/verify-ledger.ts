import { DaybookError } from "@daybook/core";
import { defined } from "@daybook/core/store";
import {
  createVerifier,
  type GivenNote,
  isLedgerError,
  type LedgerKeys,
  parseVkey,
  type StartingPoint,
  type VerifyReport,
  type Vkey,
} from "@daybook/ledger";
import { one } from "../database/rows.ts";
import { schemaDifferences } from "../database/schema-check.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { lastSeqOf } from "../reading/person-index.ts";
import { ledgerRows } from "../reading/stored-rows.ts";
import { ReferenceCheck } from "./reference-check.ts";
import { SummaryCheck } from "./summary-check.ts";

/** Options of `SqliteStore.verify` and `SqliteReader.verify`. */
export interface VerifyOptions {
  /** Further notes, such as those of anchors or of an auditor. */
  readonly notes?: readonly GivenNote[];
  /**
   * Trusted public keys of the log. Default: that of the keys, else the one in the file itself, which the report
   * mentions.
   */
  readonly vkeys?: readonly Vkey[];
  /** Trusted public keys of witnesses. */
  readonly witnesses?: readonly Vkey[];
  /** Fail without an independent checkpoint. Default false. */
  readonly requireWitness?: boolean;
  /** Fail for every warning. Default false. */
  readonly strict?: boolean;
  /** Size of the stored checkpoint to start from. Default: the whole log is checked. */
  readonly since?: number;
  /** Gets the number of checked entries and of all entries from time to time. */
  readonly onProgress?: (checked: number, total: number) => void;
}

/** The caller's knowledge about the place of the log. */
export interface VerifiedPlace {
  readonly keys: LedgerKeys | undefined;
  readonly keysBeside: boolean;
  readonly now: number;
}

const STEP = 1_000;
const MOST_ATTEMPTS = 3;

/**
 * Checks everything that a log can prove: first its manifests, then all rows in one pass, then the file. No reader
 * stays open between two steps, and memory does not grow with the log.
 * @param db a connection without other users
 * @throws {DaybookError} `BAD_OPTION`: `since` names no stored checkpoint that can be relied on
 */
export async function verifyLedger(db: Sqlite, place: VerifiedPlace, options: VerifyOptions): Promise<VerifyReport> {
  // An entry from after the start may explain a part that was removed during the pass. If removals never pause, the
  // last attempt reads one snapshot of the file, and its reader stays open.
  for (let attempt = 1; attempt < MOST_ATTEMPTS; attempt++) {
    const next = lastSeqOf(db) + 1;
    const report = await verifyOnce(db, place, options);
    if (report.verdict !== "tampered" || manifests(db, next).length === 0) return report;
  }
  db.exec("BEGIN");
  try {
    return await verifyOnce(db, place, options);
  } finally {
    db.exec("COMMIT");
  }
}

async function verifyOnce(db: Sqlite, { keys, keysBeside, now }: VerifiedPlace, options: VerifyOptions): Promise<VerifyReport> {
  const { notes = [], vkeys, witnesses = [], requireWitness = false, strict = false, onProgress } = options;
  const own = vkeys ?? (keys?.public === undefined ? [storedKey(db)] : undefined);
  const stored = db
    .prepare<[], { size: number; note: string }>("SELECT size, note FROM daybook_checkpoint ORDER BY size")
    .all()
    .map(({ size, note }): GivenNote => ({ note, size, source: "stored", name: `the stored checkpoint of size ${size}` }));
  const since = options.since === undefined ? undefined : startingPoint(db, options.since);
  const declared = manifests(db);
  const references = new ReferenceCheck(db, keys, declared, (text, seq) => verifier.add("INDEX_DAMAGED", { seq, text }));
  const summaries = since === undefined ? new SummaryCheck(db, (text, seq) => verifier.add("INDEX_DAMAGED", { seq, text })) : undefined;
  const verifier = createVerifier({
    notes: [...stored, ...notes],
    witnesses,
    now,
    requireWitness,
    strict,
    selfAttested: vkeys === undefined && keys?.public === undefined,
    ...defined({ vkeys: own?.filter((key) => key !== undefined), keys, since }),
    onPart: (seq, part, value) => references.part(seq, part, value),
  });
  try {
    const read = ledgerRows(db);
    const sealBefore = db.prepare<[number], Uint8Array>("SELECT seal FROM daybook_entry WHERE seq = ?").pluck();
    for (const seq of declared) {
      const row = read(seq, 1).rows[0];
      if (row?.seq === seq) verifier.manifest(row, seq === 0 ? new Uint8Array(16) : sealBefore.get(seq - 1));
    }
    const total = (db.prepare<[], number | null>("SELECT max(seq) FROM daybook_entry").pluck().get() ?? -1) + 1;
    for (let from = since?.size ?? 0; ; ) {
      const { rows, orphans } = read(from, STEP);
      for (const row of rows) {
        references.row(row.seq);
        verifier.row(row);
        summaries?.row(row);
      }
      for (const { seq, part } of orphans) verifier.orphan(seq, part);
      if (rows.length < STEP) break;
      from = (rows.at(-1)?.seq ?? from) + 1;
      onProgress?.(from, total);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    if (since === undefined) {
      references.finish();
      summaries?.finish();
    }
    checkFile(db, (code, text) => verifier.add(code, { text }));
    if (keysBeside) verifier.add("KEYS_BESIDE_DATA", { text: "move the keys away from the database (DAYBOOK_KEYS_FILE)" });
    return verifier.finish();
  } catch (cause) {
    if (!isLedgerError(cause)) throw cause;
    throw new DaybookError("BAD_OPTION", `The verification cannot start there: ${cause.hint}`, { cause });
  }
}

type FileCode = "DB_DAMAGED" | "SCHEMA_CHANGED" | "FOREIGN_OBJECT" | "ERASURE_PENDING";

function checkFile(db: Sqlite, found: (code: FileCode, text: string) => void): void {
  for (const { kind, text } of schemaDifferences(db)) found(kind === "foreign" ? "FOREIGN_OBJECT" : "SCHEMA_CHANGED", text);
  // A damaged index could hide rows from every look-up.
  for (const { integrity_check: text } of db.pragma("integrity_check(10)") as { integrity_check: string }[]) {
    if (text !== "ok") found("DB_DAMAGED", text);
  }
  const pending = one(db.prepare<[], number>("SELECT count(*) FROM daybook_erasure WHERE state = 'pending'").pluck());
  if (pending > 0) found("ERASURE_PENDING", `${pending} removals are not proven yet; see \`daybook gdpr status\``);
}

/** Entries of the ledger about itself. Every entry is looked at: no summary decides what a verification reads. */
function manifests(db: Sqlite, from = 0): number[] {
  return db
    .prepare<[number], number>(
      "SELECT seq FROM daybook_entry WHERE seq >= ? AND substr(entry, 5, 1) = x'08' AND head IS NOT NULL ORDER BY seq",
    )
    .pluck()
    .all(from);
}

function storedKey(db: Sqlite): Vkey | undefined {
  const text = db.prepare<[], string>("SELECT value FROM daybook_meta WHERE key = 'vkey'").pluck().get();
  try {
    return text === undefined ? undefined : parseVkey(text);
  } catch (cause) {
    // Without a readable key no checkpoint is valid; the report says so.
    if (!isLedgerError(cause)) throw cause;
    return undefined;
  }
}

function startingPoint(db: Sqlite, size: number): StartingPoint {
  const checkpoint = db
    .prepare<[number], { note: string; frontier: Uint8Array }>("SELECT note, frontier FROM daybook_checkpoint WHERE size = ?")
    .get(size);
  const seal = db
    .prepare<[number], Uint8Array>("SELECT seal FROM daybook_entry WHERE seq = ?")
    .pluck()
    .get(size - 1);
  if (checkpoint === undefined || seal === undefined)
    throw new DaybookError("BAD_OPTION", `There is no checkpoint of size ${size} to start from.`);
  return { size, note: checkpoint.note, frontier: checkpoint.frontier, seal };
}

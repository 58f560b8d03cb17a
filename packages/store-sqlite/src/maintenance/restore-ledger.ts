import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { DaybookError } from "@daybook/core";
import {
  continuesEntry,
  type ErasureBasis,
  erasureEntry,
  isLedgerError,
  type OpenedCheckpoint,
  openCheckpoint,
  prepareEntry,
  SlotSet,
  spreadSlots,
  suppressionTag,
  vkeyOf,
} from "@daybook/ledger";
import { rootAt } from "../checkpoints/anchor-check.ts";
import type { DirAnchor, PublishedManifest } from "../checkpoints/anchors/dir-anchor.ts";
import { parseAnchors } from "../checkpoints/anchors/parse-anchors.ts";
import { generationOf, generations, makeCheckpoint } from "../checkpoints/checkpointer.ts";
import { findKeys } from "../database/keys-source.ts";
import { openMigrated } from "../database/migrations.ts";
import { stateOf } from "../database/prepare-database.ts";
import { PARTS } from "../database/schema.ts";
import { loadSqlite, type Sqlite } from "../database/sqlite-driver.ts";
import { storeFailure } from "../database/sqlite-failure.ts";
import { removeSlots } from "../erasure/erasure-operations.ts";
import { Removals } from "../erasure/removal-proof.ts";
import { LedgerWriter } from "../ledger/ledger-writer.ts";
import type { SuppressionRecord } from "../ledger/suppression.ts";
import { mergeSuppressions } from "../ledger/suppression.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";
import { forgetInProjections } from "../persons/consent-table.ts";
import { forgetJournal } from "../persons/journal-table.ts";
import { lastSeqOf } from "../reading/person-index.ts";

/** Options of `restoreLedger`. */
export interface RestoreOptions {
  /** The restored database. */
  readonly path: string;
  /** Text of a keys file. Default: found as by `openSqliteStore`. */
  readonly keys?: string;
  /** Anchor folders. Default: those of `DAYBOOK_ANCHORS`, else the one beside the database. */
  readonly anchors?: readonly DirAnchor[];
  /** False returns the plan only. Default false. */
  readonly confirm?: boolean;
}

/** Plan or result of a restore. */
export interface RestoreResult {
  /** True if the restore was carried out, false for a plan. */
  readonly confirmed: boolean;
  /** Name of the log with its generation: the new one after a restore, the current one for a plan. */
  readonly origin: string;
  /** Entries in the restored file. */
  readonly entries: number;
  /** Entries that the anchors have seen. */
  readonly seen: number;
  /** Slots that the lost erasures named and that are present again. */
  readonly repeated: number;
  /** Persons whose journals and consents came back. */
  readonly forgotten: number;
}

/**
 * Continues a database that was put back from a backup. The log begins a new generation that names its starting
 * point. Every erasure since the backup is repeated before a reader can open the file.
 * @throws {DaybookError} `BAD_OPTION`: nothing is missing; `KEYS_MISSING`, `NOT_A_DAYBOOK`, `LOG_DAMAGED`
 */
export async function restoreLedger(options: RestoreOptions): Promise<RestoreResult> {
  const path = resolve(options.path);
  const Database = loadSqlite();
  const state = stateOf(Database, path);
  if (state.kind !== "daybook") throw new DaybookError("NOT_A_DAYBOOK", `${options.path} holds no audit trail.`);
  const keys = findKeys(path, options.keys)?.keys;
  if (keys?.sign === undefined || keys.seal === undefined) {
    throw new DaybookError("KEYS_MISSING", "A restore needs the complete keys of the log: it signs the beginning of a new generation.");
  }
  const origin = state.meta.get("origin") ?? "";
  const anchors = options.anchors ?? foldersAmong(parseAnchors(process.env.DAYBOOK_ANCHORS, path));
  const vkeys = generations(keys, generationOf(origin));
  const known = await knowledgeOf(anchors, (note) => openedOf(note, vkeys));
  const db = openMigrated(Database, path);
  try {
    const entries = lastSeqOf(db) + 1;
    const seen = known.newest;
    if (seen === undefined || seen.origin !== origin)
      throw new DaybookError("BAD_OPTION", "No anchor holds a checkpoint of this log; give the folder with --anchor.");
    const same = seen.size <= entries && Buffer.compare(rootAt(db, seen.size), seen.root) === 0;
    if (same) throw new DaybookError("BAD_OPTION", `Nothing is missing: all ${seen.size} entries the anchors have seen are here.`);
    const scope: WriterScope = {
      db,
      keys,
      ledger: new LedgerWriter(db, { keys, userIds: "readable", now: Date.now }),
      userIds: "readable",
      now: Date.now,
    };
    const gone = presentAgain(
      db,
      known.manifests.filter((manifest) => manifest.origin === origin),
      entries,
    );
    const back = personsBack(scope, known.suppressions);
    const result = { entries, seen: seen.size, repeated: gone.size, forgotten: back.length };
    if (options.confirm !== true) return { confirmed: false, origin, ...result };
    const next = `${keys.name}/${generationOf(origin) + 1}`;
    const removals = new Removals(scope);
    scope.ledger.transaction((append) => {
      const entry = (split: Parameters<typeof prepareEntry>[0]) => append(prepareEntry(split, randomBytes));
      const time = new Date().toISOString();
      const from = { origin, vkey: vkeyOf(keys, generationOf(origin)), size: seen.size, root: Buffer.from(seen.root).toString("base64") };
      entry(continuesEntry({ from, reason: "restore", time, random: randomBytes }));
      for (const part of spreadSlots(gone)) {
        const manifest = entry(erasureEntry({ gone: part, basis: known.bases, time, random: randomBytes }));
        removals.note(manifest, removeSlots(scope, slotsOf(part)));
      }
      mergeSuppressions(db, known.suppressions);
      if (back.length > 0) {
        forgetJournal(db, back);
        forgetInProjections(db, back);
        removals.note(undefined, []);
      }
      const setMeta = db.prepare("UPDATE daybook_meta SET value = ? WHERE key = ?");
      setMeta.run(next, "origin");
      setMeta.run(vkeyOf(keys, generationOf(next)), "vkey");
      // Signed under the new name from its first checkpoint on; checkpoints of the old name are unchanged.
    });
    removals.finish();
    removals.close();
    for (const steps = makeCheckpoint(scope); !steps.next().done; );
    return { confirmed: true, origin: next, ...result };
  } catch (cause) {
    throw storeFailure(cause, options.path);
  } finally {
    db.close();
  }
}

const foldersAmong = (anchors: readonly object[]): DirAnchor[] => anchors.filter((anchor): anchor is DirAnchor => "folder" in anchor);

interface Knowledge {
  readonly newest: OpenedCheckpoint | undefined;
  readonly manifests: readonly PublishedManifest[];
  readonly bases: readonly ErasureBasis[];
  readonly suppressions: readonly SuppressionRecord[];
}

async function knowledgeOf(anchors: readonly DirAnchor[], open: (note: string) => OpenedCheckpoint): Promise<Knowledge> {
  let newest: OpenedCheckpoint | undefined;
  const manifests: PublishedManifest[] = [];
  const suppressions: SuppressionRecord[] = [];
  const bases = new Set<ErasureBasis>();
  for (const anchor of anchors) {
    const note = await anchor.newest();
    if (note !== undefined) {
      const opened = open(note);
      if (newest === undefined || opened.size > newest.size) newest = opened;
    }
    for (const manifest of await anchor.manifests()) {
      manifests.push(manifest);
      if (manifest.action === "ledger.erasure") for (const basis of manifest.ledger.basis as ErasureBasis[]) bases.add(basis);
    }
    suppressions.push(...(await anchor.suppressions()).filter(({ until }) => Date.parse(until) > Date.now()));
  }
  return { newest, manifests, suppressions, bases: bases.size === 0 ? ["request"] : [...bases] };
}

function openedOf(note: string, vkeys: Parameters<typeof openCheckpoint>[1]): OpenedCheckpoint {
  try {
    return openCheckpoint(note, vkeys);
  } catch (cause) {
    if (!isLedgerError(cause)) throw cause;
    throw new DaybookError("LOG_DAMAGED", `The newest note of an anchor cannot be used: ${cause.hint}`, { cause });
  }
}

/** Slots that an erasure named and that the restored file still has. */
function presentAgain(db: Sqlite, manifests: readonly PublishedManifest[], entries: number): SlotSet {
  const present = db
    .prepare<{ seq: number; part: number }, number>(
      `SELECT CASE @part WHEN 0 THEN (SELECT head IS NOT NULL FROM daybook_entry WHERE seq = @seq)
        ELSE (SELECT person IS NOT NULL AND @part = 1 FROM daybook_entry WHERE seq = @seq)
          OR EXISTS (SELECT 1 FROM daybook_part WHERE slot = ${PARTS} * @seq + @part AND data IS NOT NULL) END`,
    )
    .pluck();
  const again = new SlotSet();
  for (const { seq, gone } of manifests) {
    if (gone === undefined) continue;
    const named = SlotSet.fromJson(gone, seq);
    for (const slot of slotsOf(named)) {
      if (slot.seq < entries && present.get(slot) === 1) again.add(slot.part, slot.seq);
    }
  }
  return again;
}

function* slotsOf(set: SlotSet): Generator<{ readonly seq: number; readonly part: number }> {
  for (const part of set.parts()) for (const [from, to] of set.ranges(part)) for (let seq = from; seq <= to; seq++) yield { seq, part };
}

/** Pseudonyms in the tables beside the ledger whose persons have been erased since. */
function personsBack({ db, keys }: WriterScope, suppressions: readonly SuppressionRecord[]): string[] {
  const tags = new Set(suppressions.map(({ tag }) => tag));
  if (tags.size === 0) return [];
  const subs = db
    .prepare<[], string>(
      "SELECT sub FROM user_activity UNION SELECT sub FROM user_consent UNION SELECT sub FROM daybook_requester WHERE sub IS NOT NULL",
    )
    .pluck()
    .all();
  return subs.filter((sub) => tags.has(suppressionTag(keys, sub)));
}

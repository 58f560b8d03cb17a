import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DaybookError } from "@daybook/core";
import { Frontier, type GivenNote, isLedgerError, type LedgerKeys, leafHash, openCheckpoint, type Vkey } from "@daybook/ledger";
import type { Sqlite } from "../database/sqlite-driver.ts";
import type { SuppressionRecord } from "../ledger/suppression.ts";
import type { Anchor } from "./anchors/anchor.ts";
import type { DirAnchor } from "./anchors/dir-anchor.ts";
import { reachOf } from "./anchors/published-note.ts";
import { generationOf, generations } from "./checkpointer.ts";

const STEP = 2_000;

/**
 * Compares a log with a note that an anchor holds. A shorter log is cut off or an old copy; another root means that
 * the log was rewritten.
 * @param vkeys public keys of this log, of all generations
 * @throws {DaybookError} `LOG_DAMAGED`: only a restore helps, see docs/ledger.md
 */
export function checkAgainstAnchor(db: Sqlite, note: string, anchor: string, origin: string, vkeys: readonly Vkey[]): void {
  let seen: { readonly size: number; readonly root: Uint8Array };
  try {
    // The start of this generation has already settled the notes of earlier ones.
    if (reachOf(note).origin !== origin) return;
    seen = openCheckpoint(note, vkeys);
  } catch (cause) {
    if (!isLedgerError(cause)) throw cause;
    throw new DaybookError("LOG_DAMAGED", `BAD_CHECKPOINT: the note in ${anchor} cannot be used (${cause.hint}) Find out who changed it.`, {
      cause,
    });
  }
  const entries = (db.prepare<[], number | null>("SELECT max(seq) FROM daybook_entry").pluck().get() ?? -1) + 1;
  if (seen.size > entries) {
    throw new DaybookError(
      "LOG_DAMAGED",
      `TRUNCATED: ${anchor} has seen ${seen.size} entries, the file has ${entries}. If it was put back from a backup, run \`daybook ledger restore\`.`,
    );
  }
  if (Buffer.compare(rootAt(db, seen.size), seen.root) !== 0) {
    throw new DaybookError(
      "LOG_DAMAGED",
      `FORK: ${anchor} has seen another log with the same name at size ${seen.size}. If it was put back from a backup, run \`daybook ledger restore\`; otherwise run \`daybook verify\`.`,
    );
  }
}

/** Merkle root of the first `size` entries, computed from the nearest smaller stored frontier. */
export function rootAt(db: Sqlite, size: number): Uint8Array {
  const near = db
    .prepare<[number], { size: number; frontier: Uint8Array }>(
      "SELECT size, frontier FROM daybook_checkpoint WHERE size <= ? ORDER BY size DESC LIMIT 1",
    )
    .get(size);
  const frontier = near === undefined ? Frontier.empty() : Frontier.fromBytes(near.frontier, near.size);
  const entries = db.prepare<[number, number], Uint8Array>("SELECT entry FROM daybook_entry WHERE seq >= ? ORDER BY seq LIMIT ?").pluck();
  while (frontier.size < size) {
    const block = entries.all(frontier.size, Math.min(STEP, size - frontier.size));
    if (block.length === 0) break;
    for (const entry of block) frontier.push(leafHash(entry));
  }
  return frontier.root();
}

/** Newest note in an anchor folder. Synchronous, because a log is checked before the first write. */
export function noteInFolder(folder: string): string | undefined {
  const file = join(folder, "checkpoint");
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** Suppressions in an anchor folder that are still in force. */
export function suppressionsInFolder(folder: string, now: number): SuppressionRecord[] {
  const file = join(folder, "suppress.ndjson");
  if (!existsSync(file)) return [];
  const text = readFileSync(file, "utf8");
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as SuppressionRecord)
    .filter(({ until }) => Date.parse(until) > now);
}

/** The parts of a log that the check of its anchors needs. */
export interface AnchorCheck {
  readonly db: Sqlite;
  readonly keys: LedgerKeys;
  readonly origin: string;
  readonly onNotice: (notice: string) => void;
}

/**
 * Compares a log with the newest notes of its network anchors. Folders are checked when the log is opened.
 * @throws {DaybookError} `LOG_DAMAGED`
 */
export async function checkAnchors(anchors: readonly Anchor[], { db, keys, origin, onNotice }: AnchorCheck): Promise<void> {
  const vkeys = generations(keys, generationOf(origin));
  for (const anchor of anchors) {
    if (anchor.newest === undefined || isFolder(anchor)) continue;
    const note = await anchor.newest().catch((cause: unknown) => {
      // An application must start even if an anchor is unreachable.
      onNotice(`ANCHOR_FAILED: ${anchor.name}: ${cause instanceof Error ? cause.message : String(cause)}`);
      return undefined;
    });
    if (note !== undefined) checkAgainstAnchor(db, note, anchor.name, origin, vkeys);
  }
}

/** All notes in the folders among the anchors, as input of a verification. */
export async function notesOf(anchors: readonly Anchor[]): Promise<GivenNote[]> {
  const notes: GivenNote[] = [];
  for (const anchor of anchors) {
    if (!isFolder(anchor)) continue;
    for (const note of await anchor.notes()) notes.push({ note, source: "anchor", name: anchor.name });
  }
  return notes;
}

export const isFolder = (anchor: Anchor): anchor is DirAnchor => "folder" in anchor;

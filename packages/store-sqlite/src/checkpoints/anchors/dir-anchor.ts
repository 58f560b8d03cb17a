import { mkdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DaybookError } from "@daybook/core";
import type { SuppressionRecord } from "../../ledger/suppression.ts";
import type { Anchor, ManifestRecord, PublishContext } from "./anchor.ts";
import { appendLines, replaceFile } from "./durable-file.ts";
import { thinned } from "./note-thinning.ts";
import { isBeyond, reachIfAny, reachOf } from "./published-note.ts";

/** An anchor folder. Its files are plain text. */
export interface DirAnchor extends Anchor {
  /** Absolute path. */
  readonly folder: string;
  /** The newest note that the folder holds, unverified; undefined if it holds none. */
  newest(): Promise<string | undefined>;
  /** All notes in order of publication, unverified. */
  notes(): Promise<string[]>;
  /** Published manifests. A restored database may lack them. */
  manifests(): Promise<PublishedManifest[]>;
  /** Published suppressions. A restored database may lack them. Some may have ended. */
  suppressions(): Promise<SuppressionRecord[]>;
}

/** A published manifest. Its sequence numbers belong to one generation: a restored log assigns them again. */
export interface PublishedManifest extends ManifestRecord {
  /** Name of the log and its generation. */
  readonly origin: string;
}

interface NoteRecord {
  /** Time of publication in this folder, ISO 8601, UTC. */
  readonly at: string;
  readonly note: string;
}

const THIN_ABOVE_BYTES = 4 * 1024 * 1024;

/**
 * Creates an anchor in a folder: `checkpoint` (the newest note), `notes.ndjson` (all notes, thinned with age),
 * `manifests.ndjson` and `suppress.ndjson`. Several processes may publish to one folder. The anchor protects the log
 * only if an attacker on the database cannot write to this folder.
 * @param path of the folder; created with mode 0700 if it is missing. Its parent must exist
 * @example
 * ```ts
 * import { dirAnchor, openSqliteStore } from "@daybook/store-sqlite";
 *
 * const store = await openSqliteStore({ path: "audit.db", anchors: [dirAnchor("/mnt/other-host/audit-anchors")] });
 * ```
 */
export function dirAnchor(path: string): DirAnchor {
  const folder = resolve(path);
  const name = `dir:${folder}`;
  const files = {
    checkpoint: join(folder, "checkpoint"),
    notes: join(folder, "notes.ndjson"),
    manifests: join(folder, "manifests.ndjson"),
    suppressions: join(folder, "suppress.ndjson"),
  };
  const notes = async () => (await readRecords<NoteRecord>(files.notes)).map(({ note }) => note);
  const manifests = () => readRecords<PublishedManifest>(files.manifests);
  const suppressions = () => readRecords<SuppressionRecord>(files.suppressions);

  async function publish(note: string, context: PublishContext): Promise<undefined> {
    const reach = reachOf(note);
    await mkdir(folder, { mode: 0o700 }).catch(unlessThere);
    await keepNote(files.notes, note, context.now);
    const held = (await manifests()).filter(({ origin }) => origin === reach.origin);
    const above = held.reduce((highest, { seq }) => Math.max(highest, seq), -1);
    await appendLines(
      files.manifests,
      Array.from(context.manifestsAbove(above), (record) => JSON.stringify({ origin: reach.origin, ...record })),
    );
    await keepSuppressions(files.suppressions, context);
    // Written last: a reader who sees this note finds everything that belongs to it. A slower process does not
    // replace it.
    const current = reachIfAny((await readIfThere(files.checkpoint)) ?? "");
    if (current === undefined || !isBeyond(current, reach)) await replaceFile(files.checkpoint, note);
  }

  async function newest(): Promise<string | undefined> {
    // If a process ended between the two writes, the list reaches further than the checkpoint.
    return [...(await notes())].reduce<string | undefined>(farther, await readIfThere(files.checkpoint));
  }

  /** Turns an error of the file system into one that names the anchor. */
  const attempt = async <T>(action: () => Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (cause) {
      if (!(cause instanceof SyntaxError) && (cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
      throw new DaybookError("ANCHOR_FAILED", `${name}: ${(cause as Error).message}`, { cause });
    }
  };

  return {
    name,
    folder,
    publish: (note, context) => attempt(() => publish(note, context)),
    newest: () => attempt(newest),
    notes: () => attempt(notes),
    manifests: () => attempt(manifests),
    suppressions: () => attempt(suppressions),
  };
}

/** The note that reaches further. A note that is no checkpoint wins, so that the check reports it. */
function farther(first: string | undefined, second: string): string {
  if (first === undefined) return second;
  const [a, b] = [reachIfAny(first), reachIfAny(second)];
  if (a === undefined) return first;
  return b === undefined || isBeyond(b, a) ? second : first;
}

async function keepNote(file: string, note: string, now: number): Promise<void> {
  const record: NoteRecord = { at: new Date(now).toISOString(), note };
  if (await isLarge(file)) {
    const timed = [...(await readRecords<NoteRecord>(file)), record].map((each) => ({ at: Date.parse(each.at), each }));
    await replaceFile(file, textOf(thinned(timed, now).map(({ each }) => each)));
  } else await appendLines(file, [JSON.stringify(record)]);
}

/**
 * Merges stored and current suppressions, drops those that have ended, and keeps the later one of two about the same
 * person.
 */
async function keepSuppressions(file: string, { now, suppressions }: PublishContext): Promise<void> {
  const held = await readRecords<SuppressionRecord>(file);
  const kept = new Map<string, SuppressionRecord>();
  for (const record of [...held, ...suppressions()]) {
    const key = `${record.tag} ${record.scope}`;
    const other = kept.get(key);
    if (Date.parse(record.until) > now && (other === undefined || record.before >= other.before)) kept.set(key, record);
  }
  const content = textOf([...kept.values()]);
  if (content !== textOf(held)) await replaceFile(file, content);
}

/** The records of an NDJSON file. A last line without LF is incomplete and is left out. */
async function readRecords<T>(file: string): Promise<T[]> {
  const text = (await readIfThere(file)) ?? "";
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}

const textOf = (records: readonly object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");

const readIfThere = (file: string): Promise<string | undefined> =>
  readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw cause;
  });

async function isLarge(file: string): Promise<boolean> {
  const stats = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw cause;
  });
  return stats !== undefined && stats.size > THIN_ABOVE_BYTES;
}

function unlessThere(cause: NodeJS.ErrnoException): void {
  if (cause.code !== "EEXIST") throw cause;
}

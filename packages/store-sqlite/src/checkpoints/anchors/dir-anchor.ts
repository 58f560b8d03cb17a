import { mkdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DaybookError } from "@daybook/core";
import type { SuppressionRecord } from "../../ledger/suppression.ts";
import type { Anchor, ManifestRecord, PublishContext } from "./anchor.ts";
import { appendLines, replaceFile } from "./durable-file.ts";
import { thinned } from "./note-thinning.ts";
import { isBeyond, reachIfAny, reachOf } from "./published-note.ts";

/** A folder that keeps what was published, readable with any editor. */
export interface DirAnchor extends Anchor {
  /** Absolute path. */
  readonly folder: string;
  newest(): Promise<string | undefined>;
  /** All notes it holds, in the order they came, unchecked. */
  notes(): Promise<string[]>;
  /** Entries that declared slots gone, for a restored database that may not have them. */
  manifests(): Promise<PublishedManifest[]>;
  /** Suppressions, for a restored database that may not have them. Some may be over. */
  suppressions(): Promise<SuppressionRecord[]>;
}

/** Sequence numbers are those of one generation: after a restore they are given again. */
export interface PublishedManifest extends ManifestRecord {
  readonly origin: string;
}

interface NoteRecord {
  /** When it was published here, ISO 8601, UTC. */
  readonly at: string;
  readonly note: string;
}

const THIN_ABOVE_BYTES = 4 * 1024 * 1024;

/**
 * An anchor in a folder: `checkpoint` (the newest note), `notes.ndjson` (all of them, thinned as they age), `manifests.ndjson` and
 * `suppress.ndjson`. Several processes may publish into one folder. It is independent of the log only as far as whoever attacks the
 * database cannot write here.
 * @param path of the folder, made (0700) when it is missing; its parent must exist
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
    // Last, so that whoever sees this note finds all that belongs to it. A slower process does not take it back.
    const current = reachIfAny((await readIfThere(files.checkpoint)) ?? "");
    if (current === undefined || !isBeyond(current, reach)) await replaceFile(files.checkpoint, note);
  }

  async function newest(): Promise<string | undefined> {
    // A process may have been ended between the two files, so the list may reach further than the checkpoint.
    return [...(await notes())].reduce<string | undefined>(farther, await readIfThere(files.checkpoint));
  }

  /** What the file system refuses becomes an error that says which anchor it was. */
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

/** The note that reaches further. One that is no checkpoint wins, so that it does not go unnoticed. */
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

/** Those held and those in force, without the ones that are over; of two about the same person the later one. */
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

/** The records of an NDJSON file. A last line without LF was never finished and is left out. */
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

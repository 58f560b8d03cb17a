import { statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { DAY_MS, defined } from "@daybook/core/store";
import { CLASS, periodInForce } from "@daybook/ledger";
import { lastBucketOf, seqsWhere } from "../buckets/bucket-index.ts";
import { one } from "../database/rows.ts";
import { BUCKET_ROWS } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { recordedPolicies } from "../ledger/recorded-policy.ts";
import { lastSeqOf } from "../reading/person-index.ts";
import { DeclaredWatermarks, retentionPlaces } from "../retention/retention-watermarks.ts";

/**
 * State of a trail, in the shape that `@daybook/metrics` exports. Times are milliseconds since the Unix epoch; null
 * means never.
 */
export interface StoreHealth {
  readonly store: {
    /** Number of entries. */
    readonly rows: number;
    /** Bytes of the database file. */
    readonly bytes: number;
    /** Bytes of the write-ahead log. */
    readonly walBytes: number;
    /** Free and total bytes of the file system. */
    readonly freeBytes: number;
    readonly capacityBytes: number;
    /** True if the keys are in the folder of the database. */
    readonly keysBesideData: boolean;
  };
  readonly checkpoint: {
    /** Time of the newest checkpoint. */
    readonly at: number | null;
    /** Number of entries that the newest checkpoint covers. */
    readonly size: number;
    /** Duration of the last checkpoint of this process, in milliseconds. */
    readonly tookMs?: number;
  };
  readonly verification: {
    /** True if the last verification was intact. Null before the first. */
    readonly ok: boolean | null;
    readonly at: number | null;
    readonly lastSuccessAt: number | null;
  };
  readonly retention: {
    readonly lastSuccessAt: number | null;
    /** By event type: age of the oldest personal part without a hold, and its limit. */
    readonly types: Readonly<Record<string, { readonly oldestAgeMs: number; readonly limitMs: number }>>;
  };
  readonly erasures: {
    /** Number of removals that are not proven yet. */
    readonly pending: number;
    /** Time of the oldest pending removal. */
    readonly oldestPendingAt: number | null;
  };
  /** Number of holds in force. */
  readonly holds: number;
}

/** The last verification, as stored in `daybook_meta`. */
export interface Verified {
  readonly at: string;
  readonly ok: boolean;
  readonly entries: number;
  readonly lastSuccess?: string;
}

const VERIFIED = "verified";

export function rememberVerified(db: Sqlite, { at, ok, entries }: Omit<Verified, "lastSuccess">): void {
  const before = verified(db);
  const lastSuccess = ok ? at : before?.lastSuccess;
  const value: Verified = defined({ at, ok, entries, lastSuccess });
  db.prepare("INSERT INTO daybook_meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value").run(
    VERIFIED,
    JSON.stringify(value),
  );
}

const verified = (db: Sqlite): Verified | undefined => {
  const text = db.prepare<[string], string>("SELECT value FROM daybook_meta WHERE key = ?").pluck().get(VERIFIED);
  return text === undefined ? undefined : (JSON.parse(text) as Verified);
};

export interface HealthPlace {
  readonly path: string;
  readonly keysBeside: boolean;
  readonly now: number;
  /** Duration of the last checkpoint of this process, in milliseconds. */
  readonly tookMs?: number | undefined;
}

/** A few look-ups by key, cheap enough for every scrape. */
export async function storeHealth(db: Sqlite, { path, keysBeside, now, tookMs }: HealthPlace): Promise<StoreHealth> {
  const size = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const disk = await statfs(dirname(path));
  const last = verified(db);
  const checkpoint = db
    .prepare<[], { size: number; made: string }>("SELECT size, made FROM daybook_checkpoint ORDER BY size DESC LIMIT 1")
    .get();
  const pending = one(
    db.prepare<[], { count: number; oldest: string | null }>(
      "SELECT count(*) AS count, min(made) AS oldest FROM daybook_erasure WHERE state = 'pending'",
    ),
  );
  return {
    store: {
      rows: lastSeqOf(db) + 1,
      bytes: size(path),
      walBytes: size(`${path}-wal`),
      freeBytes: disk.bavail * disk.bsize,
      capacityBytes: disk.blocks * disk.bsize,
      keysBesideData: keysBeside,
    },
    checkpoint: defined({ at: moment(checkpoint?.made), size: checkpoint?.size ?? 0, tookMs }),
    verification: { ok: last?.ok ?? null, at: moment(last?.at), lastSuccessAt: moment(last?.lastSuccess) },
    retention: { lastSuccessAt: moment(retentionPlaces(db)?.ended), types: agesByType(db, now) },
    erasures: { pending: pending.count, oldestPendingAt: moment(pending.oldest) },
    holds: one(db.prepare<[], number>("SELECT count(id) FROM daybook_hold").pluck()),
  };
}

const moment = (time: string | null | undefined): number | null => (time === null || time === undefined ? null : Date.parse(time));

interface TypedEntry {
  readonly type: string;
  readonly class: Uint8Array;
  readonly time: string;
}

const TYPED = `SELECT head ->> '$.type' AS type, substr(entry, 5, 1) AS class, coalesce(head ->> '$.late', head ->> '$.ts') AS time
  FROM daybook_entry`;

/** Ages of all types whose events have one class with a watermark. Compliance has none. */
function agesByType(db: Sqlite, now: number): StoreHealth["retention"]["types"] {
  const recorded = recordedPolicies(db);
  const watermarks = new DeclaredWatermarks(db, retentionPlaces(db) ?? { manifests: {}, looked: {} });
  const at = db.prepare<[number], TypedEntry>(`${TYPED} WHERE seq = ?`);
  const open = (lastBucketOf(db) + 1) * BUCKET_ROWS;
  const last = lastSeqOf(db);
  /** The oldest entry of each type above a watermark, in the open bucket, which has no summary. */
  const inTail = (low: number) =>
    new Map(
      db
        .prepare<[number, number], TypedEntry>(`${TYPED} WHERE seq BETWEEN ? AND ? AND head IS NOT NULL ORDER BY seq DESC`)
        .all(Math.max(open, low), last)
        .map((entry) => [entry.type, entry] as const),
    );
  const tails = new Map<number, ReadonlyMap<string, TypedEntry>>();
  const first = (type: string, low: number): TypedEntry | undefined => {
    for (const [seq] of seqsWhere(db, { type }, { order: "oldest", low, high: open - 1 }))
      return seq === undefined ? undefined : at.get(seq);
    const tailFrom = Math.max(open, low);
    const tail = tails.get(tailFrom) ?? inTail(tailFrom);
    tails.set(tailFrom, tail);
    return tail.get(type);
  };
  const inBuckets = db.prepare<[], string>("SELECT DISTINCT j.key FROM daybook_bucket b, json_each(b.counts, '$.type') j").pluck().all();
  const ages: Record<string, { oldestAgeMs: number; limitMs: number }> = {};
  for (const type of new Set([...inBuckets, ...inTail(0).keys()])) {
    if (type === "compliance") continue;
    const entryClass = first(type, 0)?.class[0];
    if (entryClass === undefined || entryClass === CLASS.ledger) continue;
    const limit = periodInForce(recorded, now, entryClass, "persons");
    const oldest = first(type, watermarks.of(entryClass).persons);
    if (!Number.isFinite(limit)) continue;
    ages[type] = { oldestAgeMs: oldest === undefined ? 0 : Math.max(0, now - Date.parse(oldest.time)), limitMs: limit * DAY_MS };
  }
  return ages;
}

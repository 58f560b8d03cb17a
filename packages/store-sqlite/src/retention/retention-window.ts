import { DAY_MS } from "@daybook/core/store";
import { CLASS, periodInForce, type RecordedPolicy } from "@daybook/ledger";
import { classOf } from "../database/rows.ts";
import { BUCKET_ROWS, bucketOf, PARTS } from "../database/schema.ts";
import type { Sqlite } from "../database/sqlite-driver.ts";
import type { Due } from "./held-slots.ts";
import type { DeclaredWatermarks, RetentionPlaces } from "./retention-watermarks.ts";

/**
 * Parts are removed this much later than due: clocks of witnesses differ, and an event is stored a little after its
 * time.
 */
const MARGIN_MS = 3_600_000;

/** How far the parts or the heads of one class have been checked. */
export interface Reach {
  readonly class: number;
  readonly kind: "persons" | "heads";
  /** Entries up to this time have expired; ISO 8601. */
  readonly cutoff: string;
  at: number;
  ended: boolean;
}

/** Expired parts of one class in a range of the log. */
export interface DueParts extends Due {
  /** In the rows: heads, or first parts. */
  readonly inRows: number;
  /** In the table of parts. */
  readonly inTable: number;
}

export interface RetentionWindow {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly due: readonly DueParts[];
  /** True if all personal parts of these entries expire, of all classes. */
  readonly whole: boolean;
}

/** The reach of each class with a watermark. Consents and entries of the ledger about itself have none. */
export function reachesOf(
  recorded: readonly RecordedPolicy[],
  watermarks: DeclaredWatermarks,
  places: RetentionPlaces | undefined,
  now: number,
): Reach[] {
  const classes = new Set(recorded.flatMap(({ policy }) => Object.keys(policy).map(Number)));
  const reaches: Reach[] = [];
  for (const entryClass of classes) {
    if (entryClass === CLASS.consent || entryClass === CLASS.ledger) continue;
    for (const kind of ["persons", "heads"] as const) {
      const days = periodInForce(recorded, now, entryClass, kind);
      if (!Number.isFinite(days)) continue;
      const looked = places?.looked[entryClass]?.[kind === "persons" ? 0 : 1] ?? 0;
      reaches.push({
        class: entryClass,
        kind,
        cutoff: cutoffOf(days, now),
        at: Math.max(watermarks.of(entryClass)[kind], looked),
        ended: false,
      });
    }
  }
  return reaches;
}

/** Time before which entries have been kept for `days` days. */
export const cutoffOf = (days: number, now: number): string => new Date(now - days * DAY_MS - MARGIN_MS).toISOString();

interface ClassRow {
  readonly class: Uint8Array;
  readonly heads: number;
  readonly persons: number;
}

/** Checks the log range by range and returns the expired parts. It changes only the reaches. */
export function retentionWindows(db: Sqlite): (reaches: readonly Reach[], end: number, rows: number) => RetentionWindow | undefined {
  const time = "coalesce(head ->> '$.late', head ->> '$.ts')";
  const youngest = db.prepare<[number, number], string | null>(`SELECT max(${time}) FROM daybook_entry WHERE seq >= ? AND seq < ?`).pluck();
  const firstYounger = db
    .prepare<[number, number, string], number | null>(`SELECT min(seq) FROM daybook_entry WHERE seq >= ? AND seq < ? AND ${time} > ?`)
    .pluck();
  const inRows = db.prepare<[number, number], ClassRow>(
    `SELECT substr(entry, 5, 1) AS class, sum(head IS NOT NULL) AS heads, sum(person IS NOT NULL) AS persons
    FROM daybook_entry WHERE seq >= ? AND seq < ? GROUP BY 1`,
  );
  const inTable = db.prepare<[number, number], { class: Uint8Array | null; persons: number }>(
    `SELECT (SELECT substr(e.entry, 5, 1) FROM daybook_entry e WHERE e.seq = p.slot / ${PARTS}) AS class, count(*) AS persons
    FROM daybook_part p WHERE p.slot >= ${PARTS} * ? AND p.slot < ${PARTS} * ? AND p.data IS NOT NULL GROUP BY 1`,
  );
  const countsIn = (from: number, to: number) => {
    const counts = new Map<number, { heads: number; persons: number; inTable: number }>();
    for (const row of inRows.all(from, to)) counts.set(classOf(row.class), { heads: row.heads, persons: row.persons, inTable: 0 });
    for (const row of inTable.all(from, to)) {
      // A part without an entry belongs to no class; verify reports it.
      const ofClass = row.class === null ? undefined : counts.get(classOf(row.class));
      if (ofClass !== undefined) ofClass.inTable = row.persons;
    }
    return counts;
  };

  return (reaches, end, rows) => {
    const open = reaches.filter((reach) => !reach.ended);
    const from = open.reduce((lowest, { at }) => Math.min(lowest, at), Number.POSITIVE_INFINITY);
    if (from >= end) return undefined;
    // Not beyond the bucket: its summary and its references are written once.
    const to = Math.min(from + rows, (bucketOf(from) + 1) * BUCKET_ROWS, end);
    const latest = youngest.get(from, to) ?? "";
    const ends = new Map<string, number | null>();
    const stretches: Due[] = [];
    for (const reach of open) {
      if (reach.at >= to) continue;
      let upTo = to;
      if (latest > reach.cutoff) {
        const key = `${reach.at} ${reach.cutoff}`;
        if (!ends.has(key)) ends.set(key, firstYounger.get(reach.at, to, reach.cutoff) ?? null);
        const younger = ends.get(key) ?? null;
        if (younger !== null) {
          upTo = younger;
          reach.ended = true;
        }
      }
      if (upTo > reach.at) stretches.push({ class: reach.class, kind: reach.kind, from: reach.at, to: upTo });
      reach.at = upTo;
    }
    const counted = new Map<string, ReturnType<typeof countsIn>>();
    const due: DueParts[] = [];
    for (const stretch of stretches) {
      const key = `${stretch.from} ${stretch.to}`;
      const inStretch = counted.get(key) ?? countsIn(stretch.from, stretch.to);
      counted.set(key, inStretch);
      const counts = inStretch.get(stretch.class);
      if (counts === undefined) continue;
      const here = stretch.kind === "heads" ? counts.heads : counts.persons;
      const beside = stretch.kind === "heads" ? 0 : counts.inTable;
      if (here + beside > 0) due.push({ ...stretch, inRows: here, inTable: beside });
    }
    return { from, to, due, whole: goesWhole(due, from, to, counted.get(`${from} ${to}`)) };
  };
}

function goesWhole(
  due: readonly DueParts[],
  from: number,
  to: number,
  counts: ReadonlyMap<number, { readonly persons: number; readonly inTable: number }> | undefined,
): boolean {
  if (counts === undefined) return false;
  const going = new Set(due.filter((one) => one.kind === "persons" && one.from === from && one.to === to).map((one) => one.class));
  return [...counts].every(([entryClass, { persons, inTable }]) => persons + inTable === 0 || going.has(entryClass));
}

import { isLedgerError, type Manifest, readManifest, SlotSet } from "@daybook/ledger";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { projectedParts } from "../persons/projected-parts.ts";
import { lastSeqOf } from "../reading/person-index.ts";

/** How far the retention of one class has come. */
export interface Watermarks {
  /** All detachable parts of the class below are gone, but for `keep`. */
  readonly persons: number;
  /** The same for heads. */
  readonly heads: number;
  readonly keep: SlotSet;
}

/** What `daybook_meta` remembers of retention: where to look, so that a run need not read what others have read. */
export interface RetentionPlaces {
  /** The newest entry of each class, by class number. */
  readonly manifests: Readonly<Record<string, number>>;
  /** Nothing of the class is left to remove below: persons, heads. Above the watermarks where there was nothing to declare. */
  readonly looked: Readonly<Record<string, readonly [persons: number, heads: number]>>;
  /** When a run last came to its end, ISO 8601. */
  readonly ended?: string;
}

const KEY = "retention";
const STEP = 1_000;

const NOWHERE: Watermarks = { persons: 0, heads: 0, keep: new SlotSet() };

/** Undefined before the first run. */
export function retentionPlaces(db: Sqlite): RetentionPlaces | undefined {
  const text = db.prepare<[string], string>("SELECT value FROM daybook_meta WHERE key = ?").pluck().get(KEY);
  return text === undefined ? undefined : (JSON.parse(text) as RetentionPlaces);
}

export function keepPlaces(db: Sqlite, places: RetentionPlaces): void {
  db.prepare("INSERT INTO daybook_meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value").run(
    KEY,
    JSON.stringify(places),
  );
}

/**
 * The watermarks of all classes as the newest entries of the log state them. Where they stand is remembered; without that the entries
 * of the ledger about itself are read.
 */
export class DeclaredWatermarks {
  readonly #byClass = new Map<number, Watermarks>();

  constructor(db: Sqlite, places: RetentionPlaces | undefined) {
    const remembered = Object.entries(places?.manifests ?? {}).map(([name, seq]) => [Number(name), retentionAt(db, seq)] as const);
    if (places !== undefined && remembered.every(([entryClass, manifest]) => manifest?.class === entryClass)) {
      for (const [entryClass, manifest] of remembered) this.#byClass.set(entryClass, manifest!);
      return;
    }
    for (const { seq, head, parts } of projectedParts(db, 8, lastSeqOf(db) + 1, STEP)) {
      const manifest = retention(seq, head, parts);
      if (manifest !== undefined) this.#byClass.set(manifest.class, manifest);
    }
  }

  of(entryClass: number): Watermarks {
    return this.#byClass.get(entryClass) ?? NOWHERE;
  }

  set(entryClass: number, watermarks: Watermarks): void {
    this.#byClass.set(entryClass, watermarks);
  }

  classes(): number[] {
    return [...this.#byClass.keys()];
  }
}

type Retention = Extract<Manifest, { readonly action: "ledger.retention" }>;

function retentionAt(db: Sqlite, seq: number): Retention | undefined {
  for (const entry of projectedParts(db, 8, seq + 1, 1, seq - 1)) return retention(entry.seq, entry.head, entry.parts);
  return undefined;
}

function retention(seq: number, head: string, parts: readonly string[]): Retention | undefined {
  try {
    const manifest = readManifest({ seq, head, parts });
    return manifest.action === "ledger.retention" ? manifest : undefined;
  } catch (cause) {
    // What breaks a rule explains nothing, and verify says so.
    if (!isLedgerError(cause)) throw cause;
    return undefined;
  }
}

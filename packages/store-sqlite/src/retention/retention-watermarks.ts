import { isLedgerError, type Manifest, readManifest, SlotSet } from "@daybook/ledger";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { projectedParts } from "../persons/projected-parts.ts";
import { lastSeqOf } from "../reading/person-index.ts";

/** Progress of retention in one class. */
export interface Watermarks {
  /** All detachable parts of the class below this seq are gone, except `keep`. */
  readonly persons: number;
  /** The same for heads. */
  readonly heads: number;
  readonly keep: SlotSet;
}

/** The positions in `daybook_meta` that save a run from reading everything again. */
export interface RetentionPlaces {
  /** The newest manifest of each class, by class number. */
  readonly manifests: Readonly<Record<string, number>>;
  /**
   * Seq below which a class has nothing left to remove, for persons and heads. It exceeds the watermark if there was
   * nothing to declare.
   */
  readonly looked: Readonly<Record<string, readonly [persons: number, heads: number]>>;
  /** End of the last complete run, ISO 8601. */
  readonly ended?: string;
}

const KEY = "retention";

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
 * The watermarks of all classes from the newest manifests of the log. Their positions are stored; without them all
 * entries of the ledger about itself are read.
 */
export class DeclaredWatermarks {
  readonly #byClass = new Map<number, Watermarks>();

  constructor(db: Sqlite, places: RetentionPlaces | undefined) {
    const remembered = Object.entries(places?.manifests ?? {}).map(([name, seq]) => [Number(name), retentionAt(db, seq)] as const);
    if (places !== undefined && remembered.every(([entryClass, manifest]) => manifest?.class === entryClass)) {
      for (const [entryClass, manifest] of remembered) if (manifest !== undefined) this.#byClass.set(entryClass, manifest);
      return;
    }
    for (const { seq, head, parts } of projectedParts(db, 8, lastSeqOf(db) + 1)) {
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
  for (const entry of projectedParts(db, 8, seq + 1, seq - 1)) return retention(entry.seq, entry.head, entry.parts);
  return undefined;
}

function retention(seq: number, head: string, parts: readonly string[]): Retention | undefined {
  try {
    const manifest = readManifest({ seq, head, parts });
    return manifest.action === "ledger.retention" ? manifest : undefined;
  } catch (cause) {
    // A manifest that breaks a rule explains nothing; verify reports it.
    if (!isLedgerError(cause)) throw cause;
    return undefined;
  }
}

/** Weight of a finding. `error`: evidence of tampering or damage. `warning`: something is not proven. `notice`: never a failure. */
export type FindingLevel = "error" | "warning" | "notice";

/**
 * All findings of a verification. The reader of the file adds those about the file: `DB_DAMAGED`, `ERASURE_PENDING`, `FOREIGN_OBJECT`,
 * `INDEX_DAMAGED`, `KEYS_BESIDE_DATA`, `SCHEMA_CHANGED`. Codes are stable within a major version and never reused.
 */
export const FINDINGS = {
  ALTERED: { level: "error", means: "a part that is present does not open its commitment" },
  BAD_CHECKPOINT: { level: "error", means: "a checkpoint is malformed, not signed by a trusted key, or filed under another size" },
  BAD_ENTRY: { level: "error", means: "the bytes of an entry are malformed" },
  BAD_MANIFEST: { level: "error", means: "an entry of the ledger about itself breaks a rule; it excuses nothing" },
  BAD_SEAL: { level: "error", means: "a row was not written with the seal key" },
  DB_DAMAGED: { level: "error", means: "the database itself is damaged" },
  EARLY_EXPIRY: { level: "error", means: "retention removed what was too young" },
  FORK: { level: "error", means: "two signed checkpoints of one size have different roots" },
  INDEX_DAMAGED: { level: "error", means: "the references to persons do not match the parts" },
  MISSING_ENTRY: { level: "error", means: "entries are missing from the sequence" },
  NO_CHECKPOINT: { level: "error", means: "there is no valid checkpoint from any source" },
  ORPHAN: { level: "error", means: "a part has no slot, or a slot is filled twice" },
  RESURRECTED: { level: "error", means: "a part is present that the log says is gone" },
  ROOT_MISMATCH: { level: "error", means: "the entries do not give a root that was signed" },
  SCHEMA_CHANGED: { level: "error", means: "the database has other tables, views or triggers than it should" },
  TIME_SKEW: { level: "error", means: "an entry claims a time that witnesses rule out" },
  TRUNCATED: { level: "error", means: "the log is shorter than what was signed" },
  UNEXPLAINED_LOSS: { level: "error", means: "a part is gone and nothing in the log explains it" },
  DECLARED_LOSS: { level: "warning", means: "entries were lost in a restore that the log declares" },
  ERASURE_PENDING: { level: "warning", means: "bytes of erased data may still be in the file" },
  EXPIRY_UNPROVEN: { level: "warning", means: "whether retention kept its periods cannot be shown" },
  INCIDENT: { level: "warning", means: "rows are forged, as the log itself declares" },
  KEYS_BESIDE_DATA: { level: "warning", means: "the keys lie beside the data" },
  NONCANONICAL: { level: "warning", means: "a part opens its commitment but is not canonical JSON" },
  NO_SEAL_KEY: { level: "warning", means: "seals were not checked" },
  SELF_ATTESTED: { level: "warning", means: "the public key was taken from the file that is being checked" },
  TIME_BACKWARD: { level: "warning", means: "the clock ran back by more than a minute" },
  UNANCHORED_TAIL: { level: "warning", means: "no checkpoint covers the newest entries" },
  UNWITNESSED: { level: "warning", means: "no independent party has seen any of this" },
  FOREIGN_OBJECT: { level: "notice", means: "the database holds a table of another application" },
} as const satisfies Record<string, { readonly level: FindingLevel; readonly means: string }>;

/** One of the codes in `FINDINGS`. */
export type FindingCode = keyof typeof FINDINGS;

/** One place where something was found. */
export interface Finding {
  /** Sequence number, if the finding is about a place in the log; of a range the first. */
  readonly seq?: number;
  /** Number of the part, if the finding is about one. */
  readonly part?: number;
  /** One line for an operator. */
  readonly text: string;
}

/** All findings of one code. */
export interface FindingGroup {
  /** What was found. */
  readonly code: FindingCode;
  /** Number of places, such as entries or parts. */
  readonly count: number;
  /** The first ten findings. */
  readonly first: readonly Finding[];
}

const SHOWN = 10;

/** Counts findings and keeps the first ten of each code. */
export class FindingList {
  readonly #groups = new Map<FindingCode, { count: number; first: Finding[] }>();

  add(code: FindingCode, finding: Finding, count = 1): void {
    let group = this.#groups.get(code);
    if (group === undefined) {
      group = { count: 0, first: [] };
      this.#groups.set(code, group);
    }
    group.count += count;
    if (group.first.length < SHOWN) group.first.push(finding);
  }

  has(code: FindingCode): boolean {
    return this.#groups.has(code);
  }

  hasLevel(level: FindingLevel): boolean {
    return [...this.#groups.keys()].some((code) => FINDINGS[code].level === level);
  }

  /** The groups of some levels, the lowest sequence number first. */
  groups(...levels: readonly FindingLevel[]): FindingGroup[] {
    const lowest = ({ first }: FindingGroup) => Math.min(...first.map(({ seq = Number.POSITIVE_INFINITY }) => seq));
    return [...this.#groups]
      .filter(([code]) => levels.includes(FINDINGS[code].level))
      .map(([code, { count, first }]) => ({ code, count, first }))
      .sort((a, b) => {
        const [x, y] = [lowest(a), lowest(b)];
        return x === y ? (a.code < b.code ? -1 : 1) : x - y;
      });
  }
}

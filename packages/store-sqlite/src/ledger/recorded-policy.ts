import { randomBytes } from "node:crypto";
import { DaybookError } from "@daybook/core";
import type { RetentionPeriods } from "@daybook/core/store";
import {
  CLASS,
  type ClassPolicy,
  canonicalText,
  DEFAULT_POLICY,
  isLedgerError,
  type Policy,
  type PreparedEntry,
  periodInForce,
  policyEntry,
  prepareEntry,
  type RecordedPolicy,
  readManifest,
  readPolicy,
} from "@daybook/ledger";
import type { Sqlite } from "../database/sqlite-driver.ts";

/**
 * Differences from `DEFAULT_POLICY` of `@daybook/ledger` in retention and erasure, keyed by the number of the
 * retention class.
 */
export type PolicyChanges = Readonly<Record<string, Partial<ClassPolicy>>>;

/**
 * Key of `daybook_meta` with the positions of all policy entries. Without it, every entry about compliance would have
 * to be read.
 */
const PLACES = "policies";

/** All policies in the log, oldest first. The opening entry has the first. */
export function recordedPolicies(db: Sqlite): RecordedPolicy[] {
  const places = db.prepare<[string], string>("SELECT value FROM daybook_meta WHERE key = ?").pluck().get(PLACES);
  const head = db
    .prepare<[number], string>("SELECT head FROM daybook_entry WHERE seq = ? AND head IS NOT NULL AND substr(entry, 5, 1) = x'08'")
    .pluck();
  const recorded: RecordedPolicy[] = [];
  for (const seq of [0, ...(places === undefined ? [] : (JSON.parse(places) as number[]))]) {
    const text = head.get(seq);
    if (text === undefined) continue;
    const manifest = readManifest({ seq, head: text, parts: [] });
    if (manifest.action !== "ledger.created" && manifest.action !== "ledger.policy") continue;
    const { ts, late } = JSON.parse(text) as { ts: string; late?: string };
    recorded.push({ since: late ?? ts, policy: manifest.policy });
  }
  return recorded;
}

export const policyInForce = (db: Sqlite): Policy => recordedPolicies(db).at(-1)?.policy ?? DEFAULT_POLICY;

/** Days for which personal parts are kept now, by class. A period that became shorter counts seven days later. */
export function periodsInForce(db: Sqlite, now: number): RetentionPeriods {
  const recorded = recordedPolicies(db);
  if (recorded.length === 0) recorded.push({ since: new Date(0).toISOString(), policy: DEFAULT_POLICY });
  const classes = new Set(recorded.flatMap(({ policy }) => Object.keys(policy).map(Number)));
  const periods = [...classes].map((number) => [number, periodInForce(recorded, now, number, "persons")] as const);
  return new Map(periods.filter(([, days]) => Number.isFinite(days)).sort(([a], [b]) => a - b));
}

/** @throws {DaybookError} `BAD_OPTION` */
export function completePolicy(changes: PolicyChanges): Policy {
  const policy: Record<string, unknown> = { ...DEFAULT_POLICY };
  for (const [name, change] of Object.entries(changes)) policy[name] = { ...DEFAULT_POLICY[name], ...change };
  try {
    const complete = readPolicy(policy);
    for (const [name, { persons_days: days }] of Object.entries(complete)) {
      if (days < 1) throw new DaybookError("BAD_OPTION", `\`policy\`: class ${name} is kept for a day at least.`);
    }
    if (complete[CLASS.ledger]?.heads_days !== undefined)
      throw new DaybookError("BAD_OPTION", "`policy`: the heads of class 8 explain every absence and are never removed.");
    return complete;
  } catch (cause) {
    if (!isLedgerError(cause)) throw cause;
    throw new DaybookError("BAD_OPTION", `\`policy\`: ${cause.hint}`, { cause });
  }
}

/** The part of a writer that records a policy. */
interface PolicyRecorder {
  readonly db: Sqlite;
  readonly ledger: { transaction(action: (append: (entry: PreparedEntry) => number) => void): void };
  readonly now: () => number;
}

/**
 * Records a policy if another one is in force. A shorter period takes effect after seven days, in verification as in
 * retention.
 */
export function recordPolicy({ db, ledger, now }: PolicyRecorder, policy: Policy): void {
  if (canonicalText(policyInForce(db)) === canonicalText(policy)) return;
  ledger.transaction((append) => {
    // Another process may have recorded it already.
    if (canonicalText(policyInForce(db)) === canonicalText(policy)) return;
    const seq = append(prepareEntry(policyEntry({ policy, time: new Date(now()).toISOString(), random: randomBytes }), randomBytes));
    db.prepare(
      `INSERT INTO daybook_meta (key, value) VALUES (?, json_array(?))
      ON CONFLICT (key) DO UPDATE SET value = json_insert(value, '$[#]', ?)`,
    ).run(PLACES, seq, seq);
  });
}

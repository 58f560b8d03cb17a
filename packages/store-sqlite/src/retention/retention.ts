import { randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { DaybookError } from "@daybook/core";
import { defined } from "@daybook/core/store";
import { canonicalText, type ErasureBasis, erasureEntry, type Operator, prepareEntry, SlotSet, spreadSlots } from "@daybook/ledger";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { removeSlots } from "../erasure/erasure-operations.ts";
import { categoryOf, heldScopes } from "../erasure/erasure-plan.ts";
import type { Removals } from "../erasure/removal-proof.ts";
import { recordedPolicies } from "../ledger/recorded-policy.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";
import { blankConsents } from "../persons/consent-table.ts";
import { OF_PERSONS, personList, subList } from "../persons/person-projection.ts";
import { lastSeqOf } from "../reading/person-index.ts";
import { type ExpiredBlock, expiredEntries } from "./expired-entries.ts";
import { heldSlots, releasedSlots } from "./held-slots.ts";
import { slotsOfHeld } from "./retention-blanking.ts";
import { OtherRun, type PartCounts, RetentionSteps, type StepResult } from "./retention-step.ts";
import { DeclaredWatermarks, retentionPlaces } from "./retention-watermarks.ts";
import { reachesOf, retentionWindows } from "./retention-window.ts";

/** Options of `SqliteStore.retain`. */
export interface RetentionOptions {
  /** False only returns what is due. Default false. */
  readonly confirm?: boolean;
  /** Id of the person who gives the order; it is recorded. Default: no person, as in automatic runs. */
  readonly operator?: string;
  /** Gets the number of checked entries and of all entries from time to time. */
  readonly onProgress?: (looked: number, total: number) => void;
}

/** Result of retention for one class. */
export interface RetentionItem {
  /**
   * Name of the retention class: `system`, `access`, `admin`, `consent`, `compliance`, `usage`, `security`, `ledger`,
   * or `class 64`.
   */
  readonly category: string;
  /** Number of the retention class. */
  readonly class: number;
  /** Number of expired parts about persons. */
  readonly persons: number;
  /** Number of expired heads. */
  readonly heads: number;
  /** Number of expired parts and heads that a hold keeps. */
  readonly held: number;
}

/** Plan or result of a retention run. */
export interface RetentionResult {
  /** True if parts were removed, false for a plan. */
  readonly confirmed: boolean;
  /** One item per retention class with expired parts. */
  readonly items: readonly RetentionItem[];
  /** Classes that are blocked until holds are released, because one entry cannot name all held slots. */
  readonly heldBack: readonly string[];
  /** Sequence numbers of the entries that declare the removal. */
  readonly manifests: readonly number[];
  /**
   * `proven`: the bytes are gone from the database and its write-ahead log. `pending`: an open reader still needs the
   * old pages; the store tries again. `none`: nothing was removed.
   */
  readonly state: "proven" | "pending" | "none";
  /** Obstacle to the proof, if the state is `pending`. */
  readonly reason?: string;
}

/** Entries of one step at most. */
const MOST_ROWS = 5_000;
const FIRST_ROWS = 1_000;
const LEAST_ROWS = 100;
/** Target time of a step. A longer step is followed by smaller ones, so that the lock stays short. */
const TARGET_MS = 20;
const TELL_EVERY_MS = 200;
const MOST_RELEASED = 2_000;
/** Number of removed entries after which the write-ahead log is copied into the database, without the lock. */
const CHECKPOINT_ROWS = 10_000;

class Totals {
  readonly #byClass = new Map<number, { persons: number; heads: number; held: number }>();
  readonly manifests: number[] = [];
  readonly heldBack = new Set<number>();

  add({ expired, kept, manifests, heldBack }: StepResult): void {
    this.count(expired);
    for (const { class: entryClass, persons, heads } of kept) this.#of(entryClass).held += persons + heads;
    this.manifests.push(...manifests);
    for (const entryClass of heldBack) this.heldBack.add(entryClass);
  }

  count(expired: Iterable<PartCounts>): void {
    for (const { class: entryClass, persons, heads } of expired) {
      const totals = this.#of(entryClass);
      totals.persons += persons;
      totals.heads += heads;
    }
  }

  hold(entryClass: number): void {
    this.#of(entryClass).held++;
  }

  result(): Pick<RetentionResult, "items" | "heldBack" | "manifests"> {
    return {
      items: [...this.#byClass]
        .filter(([, { persons, heads, held }]) => persons + heads + held > 0)
        .sort(([a], [b]) => a - b)
        .map(([entryClass, totals]) => ({ category: categoryOf(entryClass), class: entryClass, ...totals })),
      heldBack: [...this.heldBack].map(categoryOf),
      manifests: this.manifests,
    };
  }

  #of(entryClass: number) {
    const totals = this.#byClass.get(entryClass) ?? { persons: 0, heads: 0, held: 0 };
    this.#byClass.set(entryClass, totals);
    return totals;
  }
}

/** Plans a run. Reads in ranges, so that other work of the thread can run. */
export async function planRetention(
  db: Sqlite,
  keys: WriterScope["keys"],
  now: number,
  onProgress?: (looked: number, total: number) => void,
): Promise<RetentionResult> {
  const totals = new Totals();
  const places = retentionPlaces(db);
  const watermarks = new DeclaredWatermarks(db, places);
  const reaches = reachesOf(recordedPolicies(db), watermarks, places, now);
  const holds = heldScopes(db);
  for (const entryClass of watermarks.classes()) {
    const { slots } = releasedSlots(db, holds, entryClass, watermarks.of(entryClass).keep, Number.POSITIVE_INFINITY);
    const heads = slots.filter(({ part }) => part === 0).length;
    totals.count([{ class: entryClass, persons: slots.length - heads, heads }]);
    await turn();
  }
  const windowOf = retentionWindows(db);
  const end = lastSeqOf(db) + 1;
  for (let window = windowOf(reaches, end, MOST_ROWS); window !== undefined; window = windowOf(reaches, end, MOST_ROWS)) {
    const held = heldSlots(db, holds, window.due);
    for (const { class: entryClass, kind, inRows, inTable } of window.due) {
      totals.count([{ class: entryClass, persons: 0, heads: 0, [kind]: inRows + inTable }]);
    }
    for (const slot of slotsOfHeld(db, window.due, held.seqs, (of, part, seq) => held.keep.get(of)?.has(part, seq) ?? false)) {
      if (!slot.kept) continue;
      totals.count([{ class: slot.class, persons: slot.part === 0 ? 0 : -1, heads: slot.part === 0 ? -1 : 0 }]);
      totals.hold(slot.class);
    }
    onProgress?.(window.to, end);
    await turn();
  }
  for (const block of expiredEntries(db, keys, now, holds)) {
    if (block !== undefined) countBlock(totals, block);
    await turn();
  }
  return { confirmed: false, ...totals.result(), state: "none" };
}

/** Removes expired parts in steps. The writer stores batches in between. */
export class Retention {
  readonly #scope: WriterScope;
  readonly #removals: Removals;
  readonly #progress: (looked: number, total: number) => void;
  #running: Promise<RetentionResult> | undefined;
  #told = 0;
  #stopped = false;

  /** @param progress gets the number of checked entries and of all entries from time to time */
  constructor(scope: WriterScope, removals: Removals, progress: (looked: number, total: number) => void) {
    this.#scope = scope;
    this.#removals = removals;
    this.#progress = progress;
  }

  /** Joins the running run, if there is one. @throws {DaybookError} `LOG_CLOSED`: the store closed in the meantime */
  run(operator?: string): Promise<RetentionResult> {
    this.#running ??= this.#run(operator).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(operator: string | undefined): Promise<RetentionResult> {
    const { keys, userIds } = this.#scope;
    const totals = new Totals();
    const by: Operator | undefined = operator === undefined ? undefined : { id: operator, keys, userIds };
    for (;;) {
      try {
        await this.#removeAll(totals, by);
        break;
      } catch (cause) {
        // Another process runs retention too; continue from its position.
        if (!(cause instanceof OtherRun)) throw cause;
        await turn();
      }
    }
    const reason = totals.manifests.length === 0 ? undefined : this.#removals.attempt(false);
    return {
      confirmed: true,
      ...totals.result(),
      state: totals.manifests.length === 0 ? "none" : reason === undefined ? "proven" : "pending",
      ...defined({ reason }),
    };
  }

  async #removeAll(totals: Totals, operator: Operator | undefined): Promise<void> {
    const { db, keys, now } = this.#scope;
    const places = retentionPlaces(db);
    const watermarks = new DeclaredWatermarks(db, places);
    const reaches = reachesOf(recordedPolicies(db), watermarks, places, now());
    const steps = new RetentionSteps(this.#scope, this.#removals, watermarks, places, operator);
    for (const entryClass of watermarks.classes()) {
      for (let step = steps.removeReleased(entryClass, MOST_RELEASED); step; step = steps.removeReleased(entryClass, MOST_RELEASED)) {
        totals.add(step);
        await this.#pause();
      }
    }
    const windowOf = retentionWindows(db);
    const end = lastSeqOf(db) + 1;
    let rows = FIRST_ROWS;
    let unsaved = 0;
    for (;;) {
      const window = windowOf(reaches, end, rows);
      if (window === undefined) break;
      if (window.due.length > 0) {
        const begun = performance.now();
        totals.add(steps.remove(window, reaches));
        rows = paced(rows, performance.now() - begun);
        unsaved += window.to - window.from;
      }
      if (performance.now() - this.#told >= TELL_EVERY_MS) {
        this.#told = performance.now();
        this.#progress(window.to, end);
      }
      await this.#pause();
      if (unsaved >= CHECKPOINT_ROWS) {
        unsaved = 0;
        db.pragma("wal_checkpoint(PASSIVE)");
        await this.#pause();
      }
    }
    await this.#removeExpired(totals, operator, expiredEntries(db, keys, now(), heldScopes(db)));
    steps.end(reaches);
  }

  async #removeExpired(totals: Totals, operator: Operator | undefined, blocks: Iterable<ExpiredBlock | undefined>): Promise<void> {
    const { db, ledger, now } = this.#scope;
    const holds = canonicalText(heldScopes(db));
    for (const block of blocks) {
      if (block !== undefined && block.slots.length > 0) {
        ledger.transaction((append) => {
          // Holds placed since then apply in a later run.
          if (canonicalText(heldScopes(db)) !== holds) throw new OtherRun("Holds have changed.");
          const gone = new SlotSet();
          for (const { part, seq } of block.slots) gone.add(part, seq);
          const salts = removeSlots(this.#scope, block.slots);
          const basis: readonly ErasureBasis[] = ["expired"];
          for (const some of spreadSlots(gone)) {
            const time = new Date(now()).toISOString();
            const split = erasureEntry({ gone: some, basis, time, random: randomBytes, ...defined({ operator }) });
            const manifest = append(prepareEntry(split, randomBytes));
            this.#removals.note(manifest, salts, false);
            totals.manifests.push(manifest);
          }
          const expired = db
            .prepare<[string, string, number], number>(`SELECT place FROM user_consent WHERE ${OF_PERSONS} AND granted_seq = ?`)
            .pluck();
          for (const { subs, seq } of block.consents) blankConsents(db, expired.all(personList(subs), subList(subs), seq));
        });
      }
      if (block !== undefined) countBlock(totals, block);
      await this.#pause();
    }
  }

  /** Lets the writer store pending batches. */
  async #pause(): Promise<void> {
    await turn();
    if (this.#stopped) throw new DaybookError("LOG_CLOSED", "The store was closed before retention came to its end; the next run goes on.");
  }
}

function countBlock(totals: Totals, { slots, held }: ExpiredBlock): void {
  for (const { class: entryClass, part } of slots) {
    totals.count([{ class: entryClass, persons: part === 0 ? 0 : 1, heads: part === 0 ? 1 : 0 }]);
  }
  for (const { class: entryClass } of held) totals.hold(entryClass);
}

/** Number of entries for the next step, from the duration of the last one. */
function paced(rows: number, tookMs: number): number {
  if (tookMs > 1.5 * TARGET_MS) return Math.max(LEAST_ROWS, Math.floor(rows / 2));
  if (tookMs < TARGET_MS / 2) return Math.min(MOST_ROWS, rows * 2);
  return rows;
}

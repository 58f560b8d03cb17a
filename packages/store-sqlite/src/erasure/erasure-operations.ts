import { randomBytes, randomInt } from "node:crypto";
import { defined, type EraseOptions, type ErasureResult, uuidV7 } from "@daybook/core/store";
import { erasureEntry, prepareEntry, pseudonymsOf, referenceKey, SlotSet, splitEvent, suppressionTag } from "@daybook/ledger";
import { refreshSummaries } from "../buckets/bucket-writer.ts";
import { ReferenceRemoval } from "../buckets/reference-chunks.ts";
import { bucketOf, PARTS } from "../database/schema.ts";
import { mergeSuppressions } from "../ledger/suppression.ts";
import type { WriterScope } from "../ledger/writer-scope.ts";
import { forgetInProjections } from "../persons/consent-table.ts";
import { forgetJournal } from "../persons/journal-table.ts";
import { MOST_NEEDLES } from "./byte-removal.ts";
import { countedPlan, heldAmong, plannedBlocks } from "./erasure-plan.ts";
import { ErasureQueue } from "./erasure-queue.ts";
import type { Removals } from "./removal-proof.ts";

/** Parts that one transaction removes at most, so that other writers do not wait long. */
const MOST_SLOTS = 4_000;
const DAY_MS = 86_400_000;

/**
 * Removes persons, in as many transactions as it takes. Each of them removes parts together with the manifest that
 * declares them, so that neither exists without the other. A person stays in the queue until the last transaction, so
 * that an interrupted run continues at the next open.
 */
export class ErasureOperations {
  readonly #scope: WriterScope;
  readonly #removals: Removals;
  readonly #queue: ErasureQueue;

  constructor(scope: WriterScope, removals: Removals) {
    this.#scope = scope;
    this.#queue = new ErasureQueue(scope.db);
    this.#removals = removals;
  }

  erase(userId: string, options: EraseOptions = {}): ErasureResult {
    const { basis = ["request"], scope = "persons", queue = false, backupDays = 35, suppressUnknown = true } = options;
    const { db, ledger, keys, now } = this.#scope;
    const subs = pseudonymsOf(keys, userId);
    const plan = drained(countedPlan(db, subs));
    const time = now();
    const backupsUntil = new Date(time + backupDays * DAY_MS).toISOString();
    const unknown = plan.erase + plan.keep + plan.journal + plan.consents.length === 0;
    if (unknown && !suppressUnknown) return { plan, erased: 0, manifests: [], state: "none", backupsUntil };
    let journal = 0;
    let run: number | undefined;
    ledger.transaction((append) => {
      for (const purpose of plan.consents) {
        append(prepareEntry(this.#terminated(userId, purpose, time), randomBytes));
      }
      journal = forgetJournal(db, subs);
      forgetInProjections(db, subs);
      this.#suppress(subs, time, backupsUntil);
      for (const sub of subs) this.#queue.add({ sub, basis, scope }, !queue, new Date(time).toISOString());
      if (journal > 0 || plan.consents.length > 0) run = this.#removals.note(undefined, []);
    });
    if (queue) {
      // The parts stay until the next run, so that one manifest names several people. Journal and consents need no
      // manifest and are removed here.
      this.#removals.finish();
      return { ...defined({ run }), plan, erased: 0, manifests: [], state: "queued", backupsUntil };
    }
    const { erased, manifests, run: last } = this.#removeQueued();
    run = last ?? run;
    if (run === undefined) return { plan, erased, manifests, state: "none", backupsUntil };
    const reason = this.#removals.attempt(false);
    return {
      run,
      plan,
      erased,
      manifests,
      state: reason === undefined ? "proven" : "pending",
      ...defined({ reason }),
      backupsUntil,
    };
  }

  /** Continues interrupted runs. */
  resume(): void {
    if (this.#queue.interrupted()) this.#removeQueued();
  }

  /** Removes all queued persons, as after the release of a hold that kept some of their parts. */
  runQueue(): void {
    if (this.#queue.all().length === 0) return;
    if (this.#removeQueued().erased > 0) this.#removals.attempt(false);
  }

  /** Removes all queued persons, in as many transactions as it takes. */
  #removeQueued(): { erased: number; manifests: number[]; run: number | undefined } {
    const { db, ledger } = this.#scope;
    const manifests: number[] = [];
    let erased = 0;
    let run: number | undefined;
    for (let low = 0, more = true; more; ) {
      ledger.transaction((append, nextSeq) => {
        const queued = this.#queue.all();
        const subs = queued.map(({ sub }) => sub);
        const slots = this.#slots(
          subs,
          low,
          queued.some(({ scope }) => scope === "full"),
        );
        more = slots.length > MOST_SLOTS;
        const now = more ? slots.slice(0, MOST_SLOTS) : slots;
        if (now.length > 0) {
          const gone = new SlotSet();
          for (const { part, seq } of now) gone.add(part, seq);
          const basis = [...new Set(queued.flatMap((one) => one.basis))];
          const manifest = append(
            prepareEntry(erasureEntry({ gone, basis, time: new Date(this.#scope.now()).toISOString(), random: randomBytes }), randomBytes),
          );
          if (manifest !== nextSeq) throw new Error("A manifest is the first entry of its transaction.");
          run = this.#removals.note(manifest, removeSlots(this.#scope, now));
          manifests.push(manifest);
          erased += now.length;
          low = now.at(-1)!.seq;
        }
        if (more) return;
        // A person with held parts stays in the queue until the release of the hold.
        this.#queue.done(subs, heldAmong(db, subs));
      });
    }
    return { erased, manifests, run };
  }

  /** The next slots in order of their entries, a few more than one transaction takes. */
  #slots(subs: readonly string[], low: number, heads: boolean): Slot[] {
    const { db } = this.#scope;
    const slots: Slot[] = [];
    const alone = db
      .prepare<[number, number], number>(
        `SELECT (SELECT count(p.data) FROM daybook_part p WHERE p.slot BETWEEN ${PARTS} * e.seq AND ${PARTS} * e.seq + ${PARTS - 1}) + (e.person IS NOT NULL) <= ? AND e.head IS NOT NULL
        FROM daybook_entry e WHERE e.seq = ?`,
      )
      .pluck();
    for (const { erase: goes } of plannedBlocks(db, subs, low)) {
      for (const part of goes) slots.push(part);
      if (heads) {
        for (const seq of new Set(goes.map((part) => part.seq))) {
          const mine = goes.filter((part) => part.seq === seq);
          if (mine[0]!.class !== 8 && alone.get(mine.length, seq) === 1) slots.push({ seq, part: 0 });
        }
      }
      if (slots.length > MOST_SLOTS) break;
    }
    return slots.sort((a, b) => a.seq - b.seq || a.part - b.part);
  }

  #suppress(subs: readonly string[], time: number, until: string): void {
    const { db, keys } = this.#scope;
    const before = new Date(time).toISOString();
    mergeSuppressions(
      db,
      subs.map((sub) => ({ tag: suppressionTag(keys, sub), scope: "all", before, until })),
    );
    db.prepare("DELETE FROM daybook_suppression WHERE until < ?").run(new Date(time).toISOString());
  }

  /** The record of a consent that an erasure ends. */
  #terminated(userId: string, purpose: string, time: number) {
    return splitEvent(
      {
        id: uuidV7(time),
        time: new Date(time).toISOString(),
        type: "compliance",
        action: "consent.terminated",
        severity: "info",
        outcome: "success",
        actor: { kind: "system" },
        subjects: [{ id: userId, role: "subject" }],
        data: { purpose },
      },
      { headKeys: ["purpose"], keys: this.#scope.keys, userIds: this.#scope.userIds },
    );
  }
}

function drained<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

export interface Slot {
  readonly seq: number;
  readonly part: number;
}

interface RemovedRow {
  readonly salt: Uint8Array | null;
  readonly sub: string | null;
  readonly tenant: string | null;
}

/**
 * Blanks slots with their salts, their references and their place in summaries, inside the transaction that declares
 * the removal.
 * @returns a random sample of the salts, for a later scan
 */
export function removeSlots({ db }: Pick<WriterScope, "db">, slots: Iterable<Slot>): Uint8Array[] {
  const head = db.prepare<[number], Uint8Array | null>("SELECT salt0 FROM daybook_entry WHERE seq = ?").pluck();
  const inRow = db.prepare<[number], RemovedRow>(
    "SELECT salt1 AS salt, person ->> '$.sub' AS sub, person ->> '$.tenant' AS tenant FROM daybook_entry WHERE seq = ? AND person IS NOT NULL",
  );
  const inTable = db.prepare<[number], RemovedRow>(
    "SELECT salt, data ->> '$.sub' AS sub, data ->> '$.tenant' AS tenant FROM daybook_part WHERE slot = ? AND data IS NOT NULL",
  );
  const blankHead = db.prepare("UPDATE daybook_entry SET salt0 = NULL, head = NULL WHERE seq = ?");
  const blankPerson = db.prepare("UPDATE daybook_entry SET salt1 = NULL, person = NULL WHERE seq = ?");
  const blankPart = db.prepare("UPDATE daybook_part SET salt = NULL, data = NULL WHERE slot = ?");
  const references = new ReferenceRemoval(db);
  const headsGone = new Set<number>();
  const salts: Uint8Array[] = [];
  let seen = 0;
  const sample = (salt: Uint8Array | null | undefined) => {
    if (salt === null || salt === undefined) return;
    const place = seen++ < MOST_NEEDLES ? salts.length : randomInt(seen);
    if (place < MOST_NEEDLES) salts[place] = salt;
  };
  for (const { seq, part } of slots) {
    if (part === 0) {
      sample(head.get(seq));
      blankHead.run(seq);
      headsGone.add(bucketOf(seq));
      continue;
    }
    const own = part === 1 ? inRow.get(seq) : undefined;
    const row = own ?? inTable.get(seq * PARTS + part);
    if (row === undefined) continue;
    sample(row.salt);
    if (own === undefined) blankPart.run(seq * PARTS + part);
    else blankPerson.run(seq);
    // A tenant's reference may be of any key epoch, even of a destroyed one, whose key cannot be computed.
    if (row.tenant !== null) references.add(seq, part, undefined);
    else if (row.sub !== null) references.add(seq, part, referenceKey(row.sub));
  }
  references.run();
  refreshSummaries(db, headsGone);
  return salts;
}

import type { StoredEvent } from "@daybook/core";
import { type AuditStore, type ConsentState, type ConsentStore, defined, type ErasureStore, type RequestStore } from "@daybook/core/store";
import type { HealthSource, Moment, TrailHealth } from "./trail-health.ts";

/** Options of `storeHealth`. */
export interface StoreHealthOptions {
  /** Shortest time between two reads of values that cost the store some work, in milliseconds. Default 30 000. */
  readonly everyMs?: number;
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

type PersonStore = Pick<ErasureStore, "eraseStatus" | "holds"> &
  Pick<RequestStore, "requests" | "nextRequestDue"> &
  Pick<ConsentStore, "consents">;

const DAY_MS = 86_400_000;
/** How far back the last verification, retention run and review are looked for at the start, in compliance records. */
const LOOK_BACK = 2_000;
const PAGE = 200;
/** More agreements than this are not counted: the thread of the requests has other things to do. */
const MOST_CONSENTS = 10_000;
const IN_FORCE: ReadonlySet<ConsentState> = new Set(["given", "renewed"]);

/**
 * What a store can tell about its own health, asked through the contracts every store keeps: entries, and from the trail itself the last
 * verification, retention run and review by any process; of a store that keeps persons, also pending erasures, holds,
 * requests and agreements.
 */
export function storeHealth(
  store: AuditStore & Partial<PersonStore>,
  { everyMs = 30_000, clock = Date }: StoreHealthOptions = {},
): HealthSource {
  const trail = new ComplianceRecords(store);
  let known: TrailHealth | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  return async () => {
    const now = clock.now();
    if (known === undefined || now - readAt >= everyMs) {
      known = { ...(await trail.read()), ...(store.supports.persons ? await personHealth(store as PersonStore, now) : {}) };
      readAt = now;
    }
    return known;
  };
}

/** Follows the compliance records of a trail, so that each is looked at once. */
class ComplianceRecords {
  readonly #store: AuditStore;
  #after: number | undefined;
  #reads = 0;
  #clockJumps = 0;
  #verified: { ok: boolean | null; lastSuccessAt: Moment } = { ok: null, lastSuccessAt: null };
  #retainedAt: Moment = null;
  #reviewedAt: Moment = null;

  constructor(store: AuditStore) {
    this.#store = store;
  }

  async read(): Promise<TrailHealth> {
    const newest = (await this.#store.query({}, { limit: 1 })).events[0];
    if (this.#after === undefined) await this.#lookBack();
    else await this.#follow(this.#after);
    this.#after = Math.max(newest?.seq ?? -1, this.#after ?? -1);
    return {
      store: { rows: newest === undefined ? 0 : newest.seq + 1, reads: this.#reads, clockJumps: this.#clockJumps },
      verification: this.#verified,
      retention: { lastSuccessAt: this.#retainedAt },
      review: { lastCompletedAt: this.#reviewedAt },
    };
  }

  /** Counters begin with the process; what happened last is older than that. */
  async #lookBack(): Promise<void> {
    const events: StoredEvent[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#store.query({ type: "compliance" }, { limit: PAGE, ...defined({ cursor }) });
      events.push(...page.events);
      cursor = page.next;
    } while (cursor !== undefined && events.length < LOOK_BACK);
    for (const event of events.reverse()) this.#note(event);
  }

  async #follow(after: number): Promise<void> {
    let cursor: string | undefined;
    do {
      const page = await this.#store.query({ type: "compliance", after }, { limit: PAGE, order: "oldest", ...defined({ cursor }) });
      for (const event of page.events) {
        this.#note(event);
        if (event.action === "trail.read") this.#reads++;
        if (event.action === "clock.jumped") this.#clockJumps++;
        // It may have come since the newest was asked for.
        this.#after = event.seq;
      }
      cursor = page.next;
    } while (cursor !== undefined);
  }

  #note({ action, time, data }: StoredEvent): void {
    if (time === undefined) return;
    const at = Date.parse(time);
    if (action === "ledger.retention") this.#retainedAt = at;
    if (action === "review.completed") this.#reviewedAt = at;
    if (action !== "trail.read" || data?.verb !== "verify") return;
    // A trail whose tail nothing outside vouches for is not proven, which is not the same as tampered with.
    const verdict = (data.filters as { readonly verdict?: unknown } | undefined)?.verdict;
    // A record of a person who was erased since has no value any more.
    if (typeof verdict !== "string") return;
    this.#verified = { ok: verdict !== "tampered", lastSuccessAt: verdict === "intact" ? at : this.#verified.lastSuccessAt };
  }
}

async function personHealth(store: PersonStore, now: number): Promise<TrailHealth> {
  const [runs, holds, open, nextDueAt] = await Promise.all([
    store.eraseStatus(),
    store.holds(),
    store.requests({ open: true, limit: 1_000 }),
    store.nextRequestDue(),
  ]);
  const pending = runs.filter((run) => run.state === "pending").map((run) => Date.parse(run.made));
  const left = open.map(({ dueAt, extendedUntil, pausedMs, pausedSince }) => {
    const paused = pausedMs + (pausedSince === undefined ? 0 : now - Date.parse(pausedSince));
    return Date.parse(extendedUntil ?? dueAt) + DAY_MS + paused - now;
  });
  const between = (from: number, to: number) => left.filter((ms) => ms >= from && ms < to).length;
  const consents = await consentCounts(store);
  return {
    erasures: { pending: pending.length, oldestPendingAt: pending.length === 0 ? null : Math.min(...pending) },
    holds: holds.length,
    requests: {
      overdue: between(Number.NEGATIVE_INFINITY, 0),
      dueIn7Days: between(0, 7 * DAY_MS),
      dueIn30Days: between(7 * DAY_MS, 30 * DAY_MS),
      later: between(30 * DAY_MS, Number.POSITIVE_INFINITY),
      nextDueAt: nextDueAt ?? null,
    },
    ...defined({ consents }),
  };
}

async function consentCounts(store: Pick<PersonStore, "consents">): Promise<TrailHealth["consents"]> {
  const counts: Record<string, { given: number; asked: number }> = {};
  let seen = 0;
  for await (const { purpose, state } of store.consents()) {
    if (++seen > MOST_CONSENTS) return undefined;
    if (state === "superseded") continue;
    counts[purpose] ??= { given: 0, asked: 0 };
    counts[purpose].asked++;
    if (IN_FORCE.has(state)) counts[purpose].given++;
  }
  return counts;
}

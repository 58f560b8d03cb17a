import type { AuditStore } from "../contracts/audit-store.ts";
import { type DaybookError, isDaybookError } from "../daybook-error.ts";
import { defined } from "../defined.ts";
import type { Gap } from "../delivery/gap-tracker.ts";
import type { Delivery } from "../delivery/sink-delivery.ts";
import type { EventDefinition } from "../events/event-definition.ts";
import { clockJumped, trailClosed, trailOpened } from "../events/trail-events.ts";
import type { JsonObject } from "../json.ts";
import type { Spool } from "../spool/spool.ts";
import type { LeftRun } from "../spool/spool-adoption.ts";
import { HEARTBEAT_MS } from "../spool/spool-owner.ts";
import { within } from "../within.ts";
import type { ClockWatch } from "./clock-watch.ts";

export interface TrailLifecycleOptions {
  readonly run: string;
  readonly spool: Spool;
  readonly delivery: Delivery;
  /** Queried for the newest sequence number after an unclean stop. */
  readonly store: Pick<AuditStore, "query"> | undefined;
  /** False: earlier runs are taken over, but starts and stops are not recorded. */
  readonly markers: boolean;
  readonly clock: ClockWatch;
  readonly now: () => number;
  readonly record: (definition: EventDefinition, data: JsonObject, place: "first" | "last") => void;
  readonly gap: (gap: Gap, place: "first" | "last") => void;
  readonly problem: (error: DaybookError) => void;
}

/** Longest wait for the store at open, in milliseconds: a silent store must not keep the log from opening. */
const QUERY_MS = 2_000;
const BEATS_PER_LOOK = 6;

/**
 * Makes the records of a trail about itself: open and close, unclean stops of earlier runs, steps of the clock. Each open log has a
 * spool file. A file without a live process belongs to a run that did not stop in good order.
 */
export class TrailLifecycle {
  /** Settles when the spool files of earlier runs have been taken over. */
  opened: Promise<void> = Promise.resolve();
  readonly #options: TrailLifecycleOptions;
  #timer: NodeJS.Timeout | undefined;
  #beats = 0;
  #closed = false;

  constructor(options: TrailLifecycleOptions) {
    this.#options = options;
  }

  /** Records the start first; the record of an earlier gap goes before it. */
  start(): void {
    const { spool, delivery } = this.#options;
    if (spool.hasOrphans()) {
      delivery.pause();
      this.opened = this.#takeOver(true).finally(() => delivery.resume());
    } else this.#recordOpened("none");
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
  }

  /** Makes the last record. */
  closing(cause: "close" | "exit", exitCode?: number): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    const { markers, run, record } = this.#options;
    if (markers) record(trailClosed, { run, cause, ...defined({ exitCode }) }, "last");
  }

  checkClock(): void {
    const { clock, now, record, markers } = this.#options;
    const byMs = clock.check();
    if (byMs === undefined || !markers) return;
    const after = now();
    record(clockJumped, { byMs, before: isoTime(after - byMs), after: isoTime(after) }, "last");
  }

  #beat(): void {
    this.checkClock();
    try {
      this.#options.spool.touch();
      if (++this.#beats % BEATS_PER_LOOK === 0 && this.#options.spool.hasOrphans()) void this.#takeOver(false);
    } catch (cause) {
      this.#options.problem(cause as DaybookError);
    }
  }

  async #takeOver(opening: boolean): Promise<void> {
    const { spool, delivery, gap, now, problem } = this.#options;
    const last = await this.#newest();
    let left: readonly LeftRun[] = [];
    try {
      left = (await spool.adopt()) ?? [];
    } catch (cause) {
      problem(cause as DaybookError);
    }
    const unclean = left.some((run) => !run.clean);
    const place = opening ? "first" : "last";
    const gaps: Gap[] = [];
    for (const { run, clean, alive, events, lost, torn } of left) {
      delivery.adopted(events, lost);
      const times = { start: last?.time ?? alive, end: now() };
      const newest = defined({ lastSeq: last?.seq });
      if (!clean) gaps.push({ cause: "unclean_stop", ...times, ...newest, spooled: events, run });
      if (lost > 0) gaps.push({ cause: "spool_damaged", ...times, lost, run });
      // The process ended while it wrote the last line, so its receipt never settled.
      if (torn) gaps.push({ cause: "spool_torn", ...times, run });
    }
    if (opening) this.#recordOpened(unclean ? "unclean" : "clean", unclean ? last?.seq : undefined);
    // Each goes before everything queued, so the last one pushed comes first.
    for (const each of opening ? gaps.toReversed() : gaps) gap(each, place);
  }

  #recordOpened(previous: "none" | "clean" | "unclean", lastSeq?: number): void {
    const { markers, run, record } = this.#options;
    if (markers) record(trailOpened, { run, previous, ...defined({ lastSeq }) }, "first");
  }

  async #newest(): Promise<{ readonly seq: number; readonly time: number } | undefined> {
    const { store, problem } = this.#options;
    if (store === undefined) return undefined;
    try {
      const page = await within(QUERY_MS, store.query({}, { limit: 1 }));
      const event = page?.events[0];
      return event?.time === undefined ? undefined : { seq: event.seq, time: Date.parse(event.time) };
    } catch (cause) {
      if (isDaybookError(cause)) problem(cause);
      return undefined;
    }
  }
}

export const isoTime = (ms: number): string => new Date(ms).toISOString();

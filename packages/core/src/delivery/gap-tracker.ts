/**
 * Cause of a gap in the trail. `store_failed`: the store took nothing for a while. `overflow`: events arrived faster than it took them.
 * `closed`: the log was closed, or the process ended, before everything was written. `unclean_stop`: an earlier run ended without
 * closing. `spool_damaged`, `spool_torn`: a spool file had lines that could not be read, or ended within one.
 */
export type GapCause = "store_failed" | "overflow" | "closed" | "unclean_stop" | "spool_damaged" | "spool_torn";

/** A time in which events may be missing or late. Times are milliseconds since the Unix epoch. */
export interface Gap {
  readonly cause: GapCause;
  readonly start: number;
  readonly end: number;
  /** Events that will never be in the trail; absent if their number cannot be known. */
  readonly lost?: number;
  /** Events that reached the trail late, through the spool. */
  readonly spooled?: number;
  /** Lost events by their type. */
  readonly byType?: Readonly<Record<string, number>>;
  /** Newest sequence number the store had when the gap was found. */
  readonly lastSeq?: number;
  readonly run?: string;
}

const QUIET_MS = 1_000;
const LONGEST_MS = 60_000;

/** Collects losses and failures until they are over, so that one record tells of them all. */
export class GapTracker {
  readonly #now: () => number;
  readonly #report: (gap: Gap) => void;
  #start: number | undefined;
  #trouble = 0;
  #recovered: number | undefined;
  #storeFailed = false;
  #lost = 0;
  #spooled = 0;
  #byType = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  /** @param report called with each gap after it has been over for a second */
  constructor(now: () => number, report: (gap: Gap) => void) {
    this.#now = now;
    this.#report = report;
  }

  get open(): boolean {
    return this.#start !== undefined;
  }

  /** The store has taken nothing for `forMs` milliseconds. */
  failed(forMs = 0): void {
    this.#trouble = this.#now();
    this.#start ??= this.#trouble - forMs;
    this.#storeFailed = true;
    this.#recovered = undefined;
  }

  lost(type: string): void {
    const now = this.#now();
    this.#start ??= now;
    this.#trouble = now;
    this.#lost++;
    this.#byType.set(type, (this.#byType.get(type) ?? 0) + 1);
    if (!this.#storeFailed) this.#watch();
  }

  spooled(count: number): void {
    this.#spooled += count;
  }

  /** The store took a batch. */
  well(): void {
    if (this.#start === undefined || !this.#storeFailed || this.#recovered !== undefined) return;
    this.#recovered = this.#now();
    this.#watch();
  }

  /** Reports an open gap without waiting for it to be over. */
  finish(): void {
    const gap = this.take();
    if (gap !== undefined) this.#report(gap);
  }

  /** Returns the open gap and closes it; `cause` overrides the cause found. */
  take(cause?: GapCause): Gap | undefined {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#start === undefined) return undefined;
    const gap: Gap = {
      cause: cause ?? (this.#storeFailed ? "store_failed" : "overflow"),
      start: this.#start,
      end: this.#storeFailed ? (this.#recovered ?? this.#now()) : this.#trouble,
      lost: this.#lost,
      ...(this.#storeFailed ? { spooled: this.#spooled } : {}),
      ...(this.#lost > 0 ? { byType: Object.fromEntries(this.#byType) } : {}),
    };
    this.#start = undefined;
    this.#recovered = undefined;
    this.#storeFailed = false;
    this.#lost = 0;
    this.#spooled = 0;
    this.#byType = new Map();
    return gap;
  }

  /** The record of this gap was lost: adds its figures to the next gap. */
  reopen(gap: Gap): void {
    this.#start = Math.min(this.#start ?? gap.start, gap.start);
    this.#storeFailed ||= gap.cause === "store_failed";
    this.#lost += gap.lost ?? 0;
    this.#spooled += gap.spooled ?? 0;
    for (const [type, count] of Object.entries(gap.byType ?? {})) this.#byType.set(type, (this.#byType.get(type) ?? 0) + count);
    if (!this.#storeFailed) this.#watch();
  }

  #watch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#start === undefined) return;
      // While the store is down, the record could not be written: `well` starts the timer again.
      if (this.#storeFailed && this.#recovered === undefined) return;
      const now = this.#now();
      if (now - this.#trouble >= QUIET_MS || now - this.#start >= LONGEST_MS) this.finish();
      else this.#watch();
    }, QUIET_MS).unref();
  }
}

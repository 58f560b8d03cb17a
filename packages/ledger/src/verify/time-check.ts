import { isIndependent } from "../checkpoint/trusted-checkpoints.ts";
import { WitnessTimes } from "../checkpoint/witness-times.ts";
import type { RaisedWatermark, Statement } from "../removal/declared-absences.ts";
import { expiryFindings } from "../removal/expiry-times.ts";
import type { HeadTime } from "./part-check.ts";
import { LAST_ISO_MS, type RootCheck } from "./root-check.ts";
import type { Evidence } from "./verify-report.ts";

const MINUTE_MS = 60_000;
/** Difference between the clock of the log and the clock of a witness that is no finding. */
const SKEW_MS = 2 * MINUTE_MS;
const UNWITNESSED_FOR_MS = 15 * MINUTE_MS;

/** Compares the times in the heads with each other, with the times of witnesses and with retention periods. */
export class TimeCheck {
  readonly #evidence: Evidence;
  readonly #roots: RootCheck;
  readonly #times: WitnessTimes;
  /** Watermarks of retention that the rows have not passed yet, ascending. */
  readonly #marks: number[];
  readonly #raised: readonly RaisedWatermark[];
  /** Latest time in a head that survives below each watermark. */
  readonly #survivors = new Map<number, string>();
  /** Largest size of an independent checkpoint. */
  readonly #witnessedTo: number;
  /** Time of the first entry that no independent checkpoint covers. */
  #unwitnessedSince: string | undefined;
  #latest = "";
  /** Earliest and latest time an entry may state, up to and including entry `#boundsUntil`. ISO times compare as text. */
  #earliestAllowed = "";
  #latestAllowed = "";
  #boundsUntil = -1;

  constructor(raised: readonly RaisedWatermark[], roots: RootCheck, evidence: Evidence) {
    this.#evidence = evidence;
    this.#roots = roots;
    this.#raised = raised;
    this.#times = new WitnessTimes(roots.checkpoints);
    this.#marks = [...new Set(raised.map(({ below }) => below))].sort((a, b) => a - b);
    this.#witnessedTo = roots.checkpoints.findLast(isIndependent)?.size ?? 0;
  }

  /** Checks the time in the head of the next row; undefined if the head states none. */
  row(seq: number, stated: HeadTime | undefined): void {
    for (let mark = this.#marks[0]; mark !== undefined && mark <= seq; mark = this.#marks[0]) {
      this.#survivors.set(mark, this.#latest);
      this.#marks.shift();
    }
    if (stated === undefined) return;
    const { time, late } = stated;
    if (time >= this.#latest) this.#latest = time;
    else if (!late && Date.parse(this.#latest) - Date.parse(time) > MINUTE_MS) {
      this.#evidence.add("TIME_BACKWARD", { seq, text: `entry ${seq} is of ${time}, after one of ${this.#latest}` });
    }
    if (!this.#times.empty) this.#checkSkew(seq, time);
    if (this.#unwitnessedSince === undefined && seq >= this.#witnessedTo) this.#unwitnessedSince = time;
  }

  /** True if an entry of more than 15 minutes before `now` (ms since the Unix epoch) is covered by no independent checkpoint. */
  unwitnessedTooLong(now: number): boolean {
    return this.#unwitnessedSince !== undefined && now - Date.parse(this.#unwitnessedSince) > UNWITNESSED_FOR_MS;
  }

  /**
   * Checks that retention kept its periods.
   * @param start first row that was checked: what was removed before was checked before
   * @param policies statements that count, ascending
   */
  finish(start: number, policies: readonly Statement[]): void {
    for (const mark of this.#marks) this.#survivors.set(mark, this.#latest);
    const raised = this.#raised.filter(({ statement }) => statement.seq >= start);
    const survivor = (below: number) => this.#survivors.get(below) ?? "";
    for (const { code, seq, text } of expiryFindings(raised, { policies, times: this.#times, survivor })) {
      if (code === "EARLY_EXPIRY") this.#evidence.error(code, seq, { text });
      else this.#evidence.add(code, { seq, text });
    }
  }

  #checkSkew(seq: number, time: string): void {
    // Bounds change only at the size of a checkpoint, so they are looked up once for each.
    if (seq > this.#boundsUntil) {
      const { low, high } = this.#times.bounds(seq);
      this.#earliestAllowed = comparable(low - SKEW_MS);
      this.#latestAllowed = comparable(high + SKEW_MS);
      this.#boundsUntil = this.#roots.coveredAt(seq) - 1;
    }
    if (time < this.#earliestAllowed || time > this.#latestAllowed) {
      this.#evidence.error("TIME_SKEW", seq, { text: `entry ${seq} claims ${time}, which witnesses rule out` });
    }
  }
}

/** A time as text that sorts before, among or after ISO times of four-digit years. */
function comparable(ms: number): string {
  if (ms < 0) return "";
  return ms <= LAST_ISO_MS ? new Date(ms).toISOString() : "~";
}

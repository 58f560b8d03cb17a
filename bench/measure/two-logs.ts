import { join } from "node:path";
import type { Sizes } from "./goal.ts";
import { type Measured, type Side, startSide } from "./side.ts";

/** One step of growth of both sides, one after the other. */
export interface Step {
  /** Events there were before. */
  readonly from: number;
  readonly events: number;
  readonly ledger: Measured<number>;
  readonly plain: Measured<number> | undefined;
}

/** The ledger and the table it is compared with, growing in turns, so that each size is measured on both in the same minutes. */
export class TwoLogs {
  readonly ledgerPath: string;
  readonly plainPath: string;
  readonly steps: Step[] = [];
  readonly #sizes: Sizes;
  readonly #withPlain: boolean;
  readonly #progress: (text: string) => void;
  #ledger: Side | undefined;
  #plain: Side | undefined;
  #size = 0;

  constructor(folder: string, sizes: Sizes, withPlain: boolean, progress: (text: string) => void) {
    this.ledgerPath = join(folder, "ledger", "audit.db");
    this.plainPath = join(folder, "plain", "audit.db");
    this.#sizes = sizes;
    this.#withPlain = withPlain;
    this.#progress = progress;
  }

  /** Events inserted so far, on both sides. */
  get size(): number {
    return this.#size;
  }

  async ledger(): Promise<Side> {
    if (this.#ledger === undefined) {
      this.#ledger = await startSide("ledger-store");
      await this.#ledger.call("open", this.ledgerPath);
    }
    return this.#ledger;
  }

  async plain(): Promise<Side> {
    if (this.#plain === undefined) {
      this.#plain = await startSide("plain-table");
      await this.#plain.call("open", this.plainPath);
    }
    return this.#plain;
  }

  /** Inserts until both hold `size` events, and makes sure that they do. */
  async reach(size: number): Promise<void> {
    const ledger = await this.ledger();
    const plain = this.#withPlain ? await this.plain() : undefined;
    while (this.#size < size) {
      const from = this.#size;
      const events = Math.min(this.#sizes.step, size - from);
      const insert = (side: Side) => side.call<number>("insert", from, events);
      let ofLedger: Measured<number>;
      let ofPlain: Measured<number> | undefined;
      if (this.steps.length % 2 === 0) {
        ofLedger = await insert(ledger);
        ofPlain = plain && (await insert(plain));
      } else {
        ofPlain = plain && (await insert(plain));
        ofLedger = await insert(ledger);
      }
      expectStored("Daybook", ofLedger.value, events);
      if (ofPlain !== undefined) expectStored("the plain table", ofPlain.value, events);
      this.#size += events;
      this.steps.push({ from, events, ledger: ofLedger, plain: ofPlain });
      this.#progress(
        `${this.#size} events: ${perEvent(ofLedger, events)}${ofPlain === undefined ? "" : `, plain table ${perEvent(ofPlain, events)}`}`,
      );
    }
  }

  /** The last steps before a size was reached. */
  before(size: number, count: number): readonly Step[] {
    return this.steps.filter(({ from }) => from < size).slice(-count);
  }

  async close(): Promise<void> {
    for (const side of [this.#ledger, this.#plain]) {
      if (side === undefined) continue;
      await side.call("close");
      await side.end();
    }
    this.#ledger = undefined;
    this.#plain = undefined;
  }
}

/** A side that did not do its work has not been measured. */
export function expectStored(who: string, stored: number, wanted: number): void {
  if (stored !== wanted) throw new Error(`${who} stored ${stored} of ${wanted} events`);
}

const perEvent = ({ cpuUs, wallMs }: Measured<unknown>, events: number) =>
  `${(cpuUs / events).toFixed(1)} us CPU, ${Math.round((events / wallMs) * 1_000)}/s`;

const AFTER_MS = 1_000;
const EVERY_MS = 200;

/** One line on stderr of a terminal, for work of more than a second: count, rate and time left. */
export class Progress {
  readonly #unit: string;
  readonly #begun = performance.now();
  #last = 0;
  #shown = false;

  constructor(unit: string) {
    this.#unit = unit;
  }

  /** @param total if it is known */
  show(count: number, total?: number): void {
    if (!process.stderr.isTTY) return;
    const now = performance.now();
    if (now - this.#begun < AFTER_MS || now - this.#last < EVERY_MS) return;
    this.#last = now;
    this.#shown = true;
    const perSecond = (count / (now - this.#begun)) * 1000;
    const rest = total === undefined || perSecond === 0 ? "" : ` of ${total}, ${Math.ceil((total - count) / perSecond)} s left`;
    process.stderr.write(
      `\r\u001b[K${count}${rest === "" ? "" : rest.split(",")[0]} ${this.#unit}, ${Math.round(perSecond)}/s${rest === "" ? "" : `,${rest.split(",")[1]}`}`,
    );
  }

  end(): void {
    if (this.#shown) process.stderr.write("\r\u001b[K");
  }
}

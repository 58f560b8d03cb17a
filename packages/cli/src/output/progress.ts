const AFTER_MS = 1_000;
const EVERY_MS = 200;

/** One line on stderr, on a terminal, for what takes more than a second. */
export class Progress {
  readonly #unit: string;
  readonly #begun = performance.now();
  #last = 0;
  #shown = false;

  constructor(unit: string) {
    this.#unit = unit;
  }

  show(count: number): void {
    if (!process.stderr.isTTY) return;
    const now = performance.now();
    if (now - this.#begun < AFTER_MS || now - this.#last < EVERY_MS) return;
    this.#last = now;
    this.#shown = true;
    process.stderr.write(`\r${count} ${this.#unit}`);
  }

  end(): void {
    if (this.#shown) process.stderr.write("\r\u001b[K");
  }
}

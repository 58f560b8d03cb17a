const MOST_KNOWN = 256;

/** Cache of the text of values that recur, such as routes: each value is checked and written once. */
export class RecurringText {
  readonly #known = new Map<unknown, string>();
  readonly #textOf: (value: unknown) => string;

  /** @param textOf writes a value; throws if the value is not allowed */
  constructor(textOf: (value: unknown) => string) {
    this.#textOf = textOf;
  }

  /** The text of a value. Throws what `textOf` throws. */
  of(value: unknown): string {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const text = this.#textOf(value);
    // Values from user input do not recur and must not fill the memory.
    if (this.#known.size === MOST_KNOWN) this.#known.clear();
    this.#known.set(value, text);
    return text;
  }
}

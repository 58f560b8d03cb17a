const MOST_KNOWN = 256;

/** Text made of values that come again and again, such as a route: made, and the value checked, once. */
export class RecurringText {
  readonly #known = new Map<unknown, string>();
  readonly #textOf: (value: unknown) => string;

  /** @param textOf the text of a value; throws for one that may not be written */
  constructor(textOf: (value: unknown) => string) {
    this.#textOf = textOf;
  }

  /** @throws what `textOf` throws */
  of(value: unknown): string {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const text = this.#textOf(value);
    // Values of the user's making never come again: they must not gather here.
    if (this.#known.size === MOST_KNOWN) this.#known.clear();
    this.#known.set(value, text);
    return text;
  }
}

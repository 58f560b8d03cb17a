/** Markup that is safe to send: all values from outside are escaped. */
export class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }
}

/** Values in a template: text is escaped, `Html` is not, `undefined` and `false` give nothing. */
export type Fragment = Html | string | number | undefined | false | readonly Fragment[];

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);

function markupOf(fragment: Fragment): string {
  if (fragment === undefined || fragment === false) return "";
  if (fragment instanceof Html) return fragment.toString();
  if (typeof fragment === "string" || typeof fragment === "number") return escaped(String(fragment));
  return fragment.map(markupOf).join("");
}

/**
 * Markup from a template. Every value is escaped for text and for attributes in double quotes. Put an optional
 * attribute into the template as a whole: `${chosen && html` selected`}`.
 */
export const html = (strings: TemplateStringsArray, ...values: readonly Fragment[]): Html =>
  new Html(strings.reduce((markup, string, index) => markup + markupOf(values[index - 1]) + string));

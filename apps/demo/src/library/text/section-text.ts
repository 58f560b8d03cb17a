/** A piece of a book that is found and read as one. */
export interface SectionText {
  /** The chapter it belongs to; empty when the book has none. */
  readonly heading: string;
  /** Paragraphs separated by an empty line. */
  readonly body: string;
}

export const countWords = (text: string): number => text.match(/\S+/g)?.length ?? 0;

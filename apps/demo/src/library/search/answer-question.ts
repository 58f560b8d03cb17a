import type { Library } from "../library.ts";
import { LibraryError } from "../library-error.ts";
import { askModel, type ModelOptions } from "./ask-model.ts";
import { quotePassage } from "./quote-passage.ts";
import type { SearchOptions } from "./section-search.ts";

export interface Quote {
  readonly text: string;
  readonly bookId: number;
  readonly title: string;
  readonly author: string;
  readonly heading: string;
  /** Section of the book, counted from 1. */
  readonly position: number;
}

export interface Answer {
  /** Best first; empty if no passage fits. */
  readonly quotes: readonly Quote[];
  /** The answer in the model's words; only with a model. */
  readonly text?: string;
  /** Why the model's words are missing, if a model is configured. */
  readonly modelFailure?: string;
}

export interface AnswerOptions extends Pick<SearchOptions, "collection" | "book"> {
  /** Maximum number of quotes. Default 3. */
  readonly limit?: number;
  /** Default: no model, the quotes are the answer. */
  readonly model?: ModelOptions;
}

// A passage further below the best one than this is about another topic.
const LEAST_SHARE_OF_BEST = 0.5;

/** The best passages of the library for a question, quoted with their places. If the model fails, the quotes remain. */
export async function answerQuestion(
  library: Library,
  question: string,
  { limit = 3, model, ...where }: AnswerOptions = {},
): Promise<Answer> {
  const { passages } = library.search(question, { ...where, limit });
  const fitting = passages.filter(({ score }) => score >= passages[0]!.score * LEAST_SHARE_OF_BEST);
  const quotes = fitting.map(({ bookId, title, author, heading, position, body }) => ({
    text: quotePassage(body, question),
    bookId,
    title,
    author,
    heading,
    position,
  }));
  if (model === undefined || quotes.length === 0) return { quotes };
  try {
    const bodies = fitting.map(({ body }) => body);
    return { quotes, text: await askModel(model, question, bodies) };
  } catch (error) {
    if (!(error instanceof LibraryError)) throw error;
    return { quotes, modelFailure: error.message };
  }
}

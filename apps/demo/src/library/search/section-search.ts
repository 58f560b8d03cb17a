import type { Database, Statement } from "better-sqlite3";
import { normalForm } from "../text/normal-form.ts";
import { wordsOf } from "../text/words.ts";
import { rankPassage, rarity, type WeighedTerm } from "./rank-passage.ts";
import { type SearchTerm, searchTerms } from "./search-terms.ts";
import { type SnippetPart, snippetOf } from "./snippet.ts";

export interface SearchOptions {
  /** Maximum number of passages, 1 to 50. Default 10. */
  readonly limit?: number;
  /** Passages to skip, for a next page. Default 0. */
  readonly offset?: number;
  /** Slug of the only collection to search. Default all. */
  readonly collection?: string;
  /** Id of the only book to search. Default all. */
  readonly book?: number;
}

export interface Passage {
  readonly bookId: number;
  readonly title: string;
  readonly author: string;
  readonly collection: string;
  /** Counts from 1 within the book. */
  readonly position: number;
  readonly heading: string;
  readonly body: string;
  /** Higher is better; comparable within one search only. */
  readonly score: number;
  readonly snippet: readonly SnippetPart[];
}

export interface SearchResult {
  readonly passages: readonly Passage[];
  /** True if there is a next page. */
  readonly more: boolean;
}

// The index puts the right section among its first 100 for nearly every question; ranking them takes milliseconds.
const CANDIDATES = 100;
const MOST_PER_PAGE = 50;

interface Candidate {
  readonly bookId: number;
  readonly title: string;
  readonly author: string;
  readonly collection: string;
  readonly position: number;
  readonly heading: string;
  readonly body: string;
}

const matching = (terms: readonly SearchTerm[]): string => terms.flatMap(({ forms }) => forms.map((form) => `"${form}"`)).join(" OR ");
const normals = (text: string): readonly string[] => wordsOf(text).map(({ plain }) => normalForm(plain));

/** Ranked search over the sections of all books: the full-text index proposes, `rankPassage` decides. */
export class SectionSearch {
  readonly #candidates: Statement<[{ match: string; collection: string | null; book: number | null; limit: number }], Candidate>;
  readonly #holding: Statement<[string], { count: number }>;
  readonly #size: Statement<[], { sections: number; averageWords: number | null }>;

  constructor(db: Database) {
    this.#candidates = db.prepare(`
      SELECT book.id AS bookId, book.title, book.author, book.collection, section.position, section.heading, section.body
      FROM section_index JOIN section ON section.id = section_index.rowid JOIN book ON book.id = section.book
      WHERE section_index MATCH @match
        AND (@collection IS NULL OR book.collection = @collection) AND (@book IS NULL OR book.id = @book)
      ORDER BY bm25(section_index, 1.0, 2.0, 1.0), section.id LIMIT @limit`);
    this.#holding = db.prepare("SELECT count(*) AS count FROM section_index WHERE section_index MATCH ?");
    this.#size = db.prepare("SELECT count(*) AS sections, avg(words) AS averageWords FROM section");
  }

  /** Passages for a question in plain words; none if the query has no word. */
  search(query: string, { limit = 10, offset = 0, collection, book }: SearchOptions = {}): SearchResult {
    const terms = searchTerms(query);
    if (terms.length === 0) return { passages: [], more: false };
    const { sections = 0, averageWords } = this.#size.get() ?? {};
    const weighed: readonly WeighedTerm[] = terms.map((term) => ({
      normal: term.normal,
      place: term.place,
      weight: rarity(sections, this.#holding.get(matching([term]))?.count ?? 0),
    }));
    const wanted = new Set(terms.map(({ normal }) => normal));
    const ranked = this.#candidates
      .all({ match: matching(terms), collection: collection ?? null, book: book ?? null, limit: CANDIDATES })
      .map((candidate) => {
        const text = { title: normals(candidate.title), heading: normals(candidate.heading), body: normals(candidate.body) };
        return { candidate, score: rankPassage(weighed, text, averageWords || 1) };
      })
      .sort((a, b) => b.score - a.score);
    const from = Math.max(0, Math.trunc(offset));
    const to = from + Math.min(Math.max(1, Math.trunc(limit)), MOST_PER_PAGE);
    const passages = ranked
      .slice(from, to)
      .map(({ candidate, score }) => ({ ...candidate, score, snippet: snippetOf(candidate.body, wanted) }));
    return { passages, more: ranked.length > to };
  }
}

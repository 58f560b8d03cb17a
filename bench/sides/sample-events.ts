import { type AnyRecordFields, defineEvent, type RequestInfo } from "@daybook/core";

/** Readers events are about, at random, beside those who read a lot. */
export const READERS = 10_000;
/** Readers who read a lot: each of them every fiftieth event, 100 000 of 5 million. */
export const BUSY_READERS = ["reader-busy-0", "reader-busy-1", "reader-busy-2"] as const;
const BUSY_EVERY = 50;

/** Any object: what a schema costs is the schema's. */
const anyObject = { "~standard": { version: 1, vendor: "bench", validate: (value: unknown) => ({ value }) } } as const;

const define = (type: string, action: string) => defineEvent({ type, action, data: anyObject });

export const DEFINITIONS = [
  define("endpoint", "book.opened"),
  define("query", "book.searched"),
  define("retrieval", "passages.shown"),
  define("ingestion", "book.uploaded"),
  define("access_control", "shelf.checked"),
  define("authentication", "reader.returned"),
] as const;

/** Two thirds are reads; each other type gets a share, so that a type index has something to tell apart. */
const MIX = [0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5] as const;

const TITLES = [
  "The Time Machine",
  "Frankenstein; or, the Modern Prometheus",
  "Pride and Prejudice",
  "Meditations",
  "The Adventures of Sherlock Holmes",
  "Treasure Island",
  "The War of the Worlds",
] as const;
const ROUTES = ["/books/:id", "/books/:id/sections/:section", "/search", "/shelves/:shelf/books", "/upload"] as const;
const AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";

/** A number below `below` that looks random and is the same for the same `n` (multiplicative hashing by the golden ratio). */
const scattered = (n: number, below: number) => (Math.imul(n, 0x9e3779b1) >>> 0) % below;

export const readerOf = (n: number): string => BUSY_READERS[n % BUSY_EVERY] ?? `reader-${scattered(n, READERS)}`;

export interface SampleEvent {
  readonly definition: (typeof DEFINITIONS)[number];
  readonly fields: AnyRecordFields;
  readonly request: RequestInfo;
}

/** The `n`th event, about 600 bytes as one line of JSON; the same for every side of a comparison. */
export function sampleEvent(n: number): SampleEvent {
  return {
    definition: DEFINITIONS[MIX[n % MIX.length]!]!,
    fields: {
      actor: { kind: "user", id: readerOf(n), ip: `203.0.${n % 250}.17`, userAgent: AGENT },
      resource: { type: "book", id: `book-${n % 5_000}` },
      data: {
        title: TITLES[n % TITLES.length]!,
        section: n % 120,
        collection: "nineteenth-century",
        shelf: "reading-room",
        words: 1_200 + (n % 900),
        matches: [n % 11, n % 101, n % 997],
        score: (n % 1_000) / 1_000,
        referrer: "search",
        device: "tablet",
        locale: "en-GB",
      },
    },
    request: {
      id: `req-${(n * 2_654_435_761).toString(36)}`,
      method: "GET",
      route: ROUTES[n % ROUTES.length]!,
      status: 200,
      durationMs: n % 40,
    },
  };
}

import type { HistogramInstrument, Instrument } from "./domain-instruments.ts";

// The shipped dashboards have panels for these declarations.

/** Histogram of the time to answer a query, in seconds, by search strategy (at most 8). */
export const queryDuration = {
  name: "daybook_query_duration_seconds",
  help: "Time to answer a question, by search strategy.",
  labels: { strategy: { max: 8 } },
} satisfies HistogramInstrument<{ strategy: { max: number } }>;

/** Counter of ingested items, such as documents, by outcome. */
export const itemsIngested = {
  name: "daybook_ingested_items_total",
  help: "Items taken in, by outcome.",
  labels: { outcome: ["success", "failure", "denied", "partial"] },
} satisfies Instrument<{ outcome: string[] }>;

/** Counter of the chunks that ingested items were split into. */
export const chunksIngested = {
  name: "daybook_ingested_chunks_total",
  help: "Pieces that ingested items were cut into.",
} satisfies Instrument;

/** Counter of the size of ingested items, in bytes. */
export const bytesIngested = { name: "daybook_ingested_bytes_total", help: "Size of ingested items." } satisfies Instrument;

/** Gauge of the chunks in a search index or vector store, by collection (at most 50). */
export const collectionChunks = {
  name: "daybook_collection_chunks",
  help: "Pieces a collection holds.",
  labels: { collection: { max: 50 } },
} satisfies Instrument<{ collection: { max: number } }>;

/** Gauge of the size of a collection, in bytes, by collection (at most 50). */
export const collectionBytes = {
  name: "daybook_collection_bytes",
  help: "Size of a collection.",
  labels: { collection: { max: 50 } },
} satisfies Instrument<{ collection: { max: number } }>;

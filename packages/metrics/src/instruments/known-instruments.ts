import type { HistogramInstrument, Instrument } from "./domain-instruments.ts";

// Declarations the dashboards that come with this package know: use them and their panels fill.

/** Time to answer a question, by the way it was searched. */
export const queryDuration = {
  name: "daybook_query_duration_seconds",
  help: "Time to answer a question, by search strategy.",
  labels: { strategy: { max: 8 } },
} satisfies HistogramInstrument<{ strategy: { max: number } }>;

/** Books, documents or whatever the application takes in. */
export const itemsIngested = {
  name: "daybook_ingested_items_total",
  help: "Items taken in, by outcome.",
  labels: { outcome: ["success", "failure", "denied", "partial"] },
} satisfies Instrument<{ outcome: string[] }>;

export const chunksIngested = {
  name: "daybook_ingested_chunks_total",
  help: "Pieces that ingested items were cut into.",
} satisfies Instrument;

export const bytesIngested = { name: "daybook_ingested_bytes_total", help: "Size of ingested items." } satisfies Instrument;

/** Entries of a search index or points of a vector store. */
export const collectionChunks = {
  name: "daybook_collection_chunks",
  help: "Pieces a collection holds.",
  labels: { collection: { max: 50 } },
} satisfies Instrument<{ collection: { max: number } }>;

export const collectionBytes = {
  name: "daybook_collection_bytes",
  help: "Size of a collection.",
  labels: { collection: { max: 50 } },
} satisfies Instrument<{ collection: { max: number } }>;

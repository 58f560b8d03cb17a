import { defineEvent } from "@daybook/core";
import { z } from "zod";

/** The events of this application beside the built-in ones. The schemas are zod; any Standard Schema works. */

export const bookUploaded = defineEvent({
  type: "ingestion",
  action: "book.uploaded",
  data: z.object({ title: z.string(), collection: z.string(), count: z.int(), bytes: z.int() }),
  // The reader typed the title, so an erasure removes it. The counts stay.
  personal: ["title"],
  description: "A reader put a text on the shelf.",
});

export const bookRead = defineEvent({
  type: "retrieval",
  action: "book.read",
  data: z.object({ section: z.int() }),
  description: "A section was opened.",
});

export const collectionAdded = defineEvent({
  type: "admin_action",
  action: "collection.added",
  data: z.object({ name: z.string() }),
  personal: [],
  resourceId: "impersonal",
  description: "An administrator opened a collection.",
});

export const collectionRemoved = defineEvent({
  type: "admin_action",
  action: "collection.removed",
  severity: "warning",
  data: z.object({ books: z.int() }),
  personal: [],
  resourceId: "impersonal",
  description: "An administrator removed a collection with its books.",
});

export const readerRemoved = defineEvent({
  type: "admin_action",
  action: "reader.removed",
  severity: "warning",
  description: "An administrator removed a reader from the library.",
});

export const readersViewed = defineEvent({
  type: "access_control",
  action: "readers.viewed",
  description: "An administrator looked at the list of readers.",
});

export const CATALOGUE = [bookUploaded, bookRead, collectionAdded, collectionRemoved, readerRemoved, readersViewed] as const;

/** The part of a journal that the end of a consent uses. */
export interface PurgeableQueue {
  /** Drops the queued entries of this person and purpose. */
  purge(userId: string, purpose: string): void;
}

// The fence in the store guarantees a withdrawal. The purge only saves work, so that the person waits less.
const journals = new WeakMap<object, Set<PurgeableQueue>>();

export function enterJournal(store: object, journal: PurgeableQueue): void {
  const known = journals.get(store);
  if (known === undefined) journals.set(store, new Set([journal]));
  else known.add(journal);
}

export const leaveJournal = (store: object, journal: PurgeableQueue): void => void journals.get(store)?.delete(journal);

/** Drops the entries queued in this process for a person and a purpose, in every journal of the store. */
export function purgeJournals(store: object, userId: string, purpose: string): void {
  for (const journal of journals.get(store) ?? []) journal.purge(userId, purpose);
}

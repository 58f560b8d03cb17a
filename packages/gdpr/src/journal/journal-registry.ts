/** What of a journal a consent has to reach. */
export interface PurgeableQueue {
  /** Drops what waits for this person and purpose. */
  purge(userId: string, purpose: string): void;
}

// The fence in the store is what keeps a withdrawal; this only spares it the work, and the person the wait.
const journals = new WeakMap<object, Set<PurgeableQueue>>();

export function enterJournal(store: object, journal: PurgeableQueue): void {
  const known = journals.get(store);
  if (known === undefined) journals.set(store, new Set([journal]));
  else known.add(journal);
}

export const leaveJournal = (store: object, journal: PurgeableQueue): void => void journals.get(store)?.delete(journal);

/** Drops what waits in this process for a person and a purpose, in every journal of the store. */
export function purgeJournals(store: object, userId: string, purpose: string): void {
  for (const journal of journals.get(store) ?? []) journal.purge(userId, purpose);
}

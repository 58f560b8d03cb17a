import type { AuditLog } from "@daybook/core";
import {
  type Consent,
  createConsent,
  createJournal,
  defineNotice,
  definePurpose,
  type ErasableStore,
  type Journal,
  keepsPersons,
} from "@daybook/gdpr";

/** The purposes to which a reader can agree, each on its own. Without consent nothing is recorded for them. */
export const PURPOSES = [
  definePurpose({
    purpose: "personal_diary",
    version: "1",
    title: "A diary of your searches and reads",
    phrase: "Yes, keep a diary for me",
    text: "The library writes down what you search for and which sections you open, so that you can look back at your own way through the books. Only you see it.",
    dataCategories: ["the words you search for", "the sections you open", "the time of each"],
    storageLocations: ["this library's own server"],
    retention: { until: "withdrawal", reviewBy: "2027-11-24" },
    dpv: { purpose: "dpv:ServicePersonalisation", personalData: ["pd:InternetHistory", "pd:Interest"] },
  }),
  definePurpose({
    purpose: "system_improvement",
    version: "1",
    title: "Counting to make the library better",
    phrase: "Yes, count what I do",
    text: "The library notes that you searched or read, and how many passages it found, but never which words or which book. Librarians see sums over all readers.",
    dataCategories: ["that you searched or read", "how many passages were found", "the time of each"],
    storageLocations: ["this library's own server"],
    retention: { days: 180 },
    dpv: { purpose: "dpv:OptimiseUserInterface", personalData: ["pd:InternetHistory"] },
  }),
];

export const NOTICE = defineNotice({
  notice: "reader_privacy",
  version: "1",
  content: `What Alexandria writes down about you

Without your agreement the library keeps only what it needs to run and to answer for what happened: who signed in, who was refused something,
who changed something. It never records the words of a search there.

With your agreement it does one more thing, and only that one: it keeps a diary for you, or it counts how the library is used. Each is a choice
of its own. Refusing changes nothing else in the library.

You can take every agreement back on the same page on which you gave it, with one button and without a reason. What was kept under it is deleted at once.`,
  phrase: "Yes, keep it",
  controller: { name: "Alexandria, a small library", address: "1 Harbour Road, Alexandria", contact: "privacy@alexandria.example" },
  rightsUrl: "/settings",
  withdrawUrl: "/settings",
  authority: "the data protection authority of the place where you live",
});

/** Consent and the journals under it. */
export interface Privacy {
  readonly store: ErasableStore;
  readonly consent: Consent;
  /** For each reader with consent: the searches and the sections read. */
  readonly diary: Journal;
  /** The number of searches and readings, without their contents. */
  readonly counts: Journal;
  close(): Promise<void>;
}

/** Undefined if the store of the trail keeps no journals; the library then asks for no consent. */
export async function openPrivacy(audit: AuditLog): Promise<Privacy | undefined> {
  const { store } = audit;
  if (!keepsPersons(store)) return undefined;
  const consent = await createConsent({ audit, store, purposes: PURPOSES, notices: [NOTICE] });
  const diary = createJournal({ audit, store });
  const counts = createJournal({ audit, store, purpose: "system_improvement" });
  return {
    store,
    consent,
    diary,
    counts,
    async close() {
      consent.close();
      await diary.close();
      await counts.close();
    },
  };
}

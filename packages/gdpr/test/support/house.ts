import { join } from "node:path";
import { type AuditLog, createAuditLog, defineEvent, type GivenSink } from "@daybook/core";
import type { AuditSink } from "@daybook/core/store";
import { openSqliteReader, openSqliteStore, type SqliteStore } from "@daybook/store-sqlite";
import { onTestFinished } from "vitest";
import { z } from "zod";
import {
  type Consent,
  createConsent,
  createJournal,
  defineNotice,
  definePurpose,
  type Journal,
  type Notice,
  type Purpose,
} from "../../src/index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export const personalDiary = definePurpose({
  purpose: "personal_diary",
  version: "1",
  title: "A diary of my searches and reads",
  text: "The library writes down what you search and read, for you to look at.",
  dataCategories: ["words searched for", "sections opened", "times"],
  storageLocations: ["the library's own server"],
  retention: { until: "withdrawal", reviewBy: "2027-11-24" },
  dpv: { purpose: "dpv:ServicePersonalisation", personalData: ["pd:InternetHistory"] },
});

export const systemImprovement = definePurpose({
  purpose: "system_improvement",
  version: "1",
  title: "Counting to make the library better",
  text: "The library counts how you use it.",
  dataCategories: ["kinds of requests", "times"],
  storageLocations: ["the library's own server"],
  retention: { days: 180 },
});

export const readerNotice = defineNotice({
  notice: "reader_privacy",
  version: "1",
  content: "What we write down\n\nOnly what you agree to – nothing else. “Ünïcode” is unchanged.\n",
  phrase: "Yes, keep a diary of my searches and reads",
  controller: { name: "Alexandria", address: "1 Harbour Road", contact: "privacy@alexandria.example" },
  rightsUrl: "https://alexandria.example/settings",
  withdrawUrl: "https://alexandria.example/settings",
  authority: "the supervisory authority of your country",
});

export const bookLent = defineEvent({ type: "custom", action: "book.lent", data: z.object({ title: z.string() }), personal: ["title"] });
export const accountChanged = defineEvent({
  type: "admin_action",
  action: "account.changed",
  data: z.object({ field: z.string() }),
  personal: [],
});

/** A tick in an empty box, sent. */
export const TICK = { method: "ui", act: { what: "checkbox ticked, form sent", before: false, after: true } } as const;

export interface House {
  readonly path: string;
  readonly store: SqliteStore;
  readonly audit: AuditLog;
  readonly consent: Consent;
  readonly journal: Journal;
}

export interface HouseOptions {
  readonly path?: string;
  readonly purposes?: readonly Purpose[];
  readonly notices?: readonly Notice[];
  readonly clock?: { now(): number };
  readonly userIds?: "readable" | "pseudonymous";
  readonly sinks?: readonly (AuditSink | GivenSink)[];
  /** After which a store that does not answer counts as unavailable. */
  readonly deadlineMs?: number;
}

/** A trail in a file of its own with consent and a journal; closed when the test ends. */
export async function openHouse({
  path = join(temporaryFolder(), "audit.db"),
  purposes,
  notices,
  clock,
  userIds,
  sinks,
  deadlineMs,
}: HouseOptions = {}): Promise<House> {
  const store = await openSqliteStore({ path, onNotice: () => undefined, ...(userIds === undefined ? {} : { userIds }) });
  const timed = clock === undefined ? {} : { clock };
  const audit = createAuditLog({
    store,
    catalogue: [bookLent, accountChanged],
    signals: false,
    onNotice: () => undefined,
    ...timed,
    ...(sinks === undefined ? {} : { sinks }),
    ...(deadlineMs === undefined ? {} : { deadlineMs, onProblem: () => undefined }),
  });
  const consent = await createConsent({
    audit,
    store,
    purposes: purposes ?? [personalDiary, systemImprovement],
    notices: notices ?? [readerNotice],
    sweepEveryMs: 0,
    ...timed,
  });
  const journal = createJournal({ audit, store, ...timed });
  onTestFinished(async () => {
    await journal.close();
    consent.close();
    await audit.close();
  });
  return { path, store, audit, consent, journal };
}

/** What `daybook verify` would say. */
export async function verified(path: string) {
  const reader = await openSqliteReader({ path });
  try {
    return await reader.verify();
  } finally {
    await reader.close();
  }
}

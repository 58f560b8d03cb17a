import type { AuditLog } from "@daybook/core";
import { defined } from "@daybook/core/store";
import { erasePerson, exportJournal, isEmptyPlan, type JournalFormat } from "@daybook/gdpr";
import { type Access, journalPage } from "../pages/journal-page.ts";
import { noPrivacyPage, type PurposeChoice, settingsPage } from "../pages/settings-page.ts";
import type { Privacy } from "../trail/privacy.ts";
import { pageContext } from "./page-context-of.ts";
import type { Route, WebRequest, WebResponse } from "./route.ts";

const PAGE_SIZE = 50;
const MOST_ACCESSES = 20;
/** Own records to search for accesses by others; the export has older ones. */
const LOOK_BACK = 2_000;

/** Messages by the code in a redirect, so that no text enters through an address. */
const MESSAGES: Readonly<Record<string, string>> = {
  agreed: "Saved. It is kept from now on.",
  unticked: "Nothing was changed: tick the box to agree.",
  stopped: "Stopped. What was kept is deleted.",
  deleted: "Your journal is empty now.",
};

const messageOf = (request: WebRequest) => {
  const message = MESSAGES[request.query.get("done") ?? ""];
  return defined({ message });
};

/** Settings and journal: consent, its withdrawal, and the data kept under it. */
export function privacyRoutes(audit: AuditLog, { store, consent, diary, counts }: Privacy): readonly Route[] {
  const journals = [diary, counts];

  async function settings(request: WebRequest): Promise<WebResponse> {
    const { reader } = request;
    const notice = consent.notice();
    const choices =
      reader === undefined
        ? []
        : await Promise.all(
            (await consent.status(reader.id)).map((status) => choiceOf(reader.id, status, status.purpose.phrase ?? notice.phrase)),
          );
    return { body: settingsPage({ ...pageContext(request), ...messageOf(request), notice, choices }) };
  }

  async function choiceOf(
    id: string,
    { purpose, state, inForce, last }: Awaited<ReturnType<typeof consent.status>>,
    phrase: string,
  ): Promise<PurposeChoice> {
    const journal = journals.find((known) => known.purpose === purpose.purpose);
    return {
      purpose: purpose.purpose,
      title: purpose.title,
      text: purpose.text,
      logged: purpose.dataCategories,
      kept: "days" in purpose.retention ? `${purpose.retention.days} days, or until you stop it` : "until you stop it",
      recipients: purpose.recipients?.join(", ") || "none",
      phrase,
      changed: state === "reconsent_needed",
      entries: inForce && journal !== undefined ? await journal.count(id) : 0,
      ...(inForce && last !== undefined ? { since: last.decidedAt, consent: last.consent } : {}),
    };
  }

  async function agree({ form, reader }: WebRequest): Promise<WebResponse> {
    if (form.get("agree") !== "yes") return { location: "/settings?done=unticked" };
    await consent.give(reader!.id, form.get("purpose") ?? "", {
      method: "ui",
      act: { what: "checkbox ticked, form sent", before: false, after: true },
      shown: { notice: form.get("notice") ?? "", version: form.get("version") ?? "", language: form.get("language") ?? "" },
    });
    return { location: "/settings?done=agreed" };
  }

  async function stop({ form, reader }: WebRequest): Promise<WebResponse> {
    await consent.withdraw(reader!.id, form.get("purpose") ?? "", { method: "ui", what: "button pressed" });
    return { location: "/settings?done=stopped" };
  }

  async function receipt({ params, reader }: WebRequest): Promise<WebResponse> {
    const record = (await consent.history(reader!.id)).find(({ consent: id }) => id === params.consent);
    if (record === undefined) return { location: "/settings" };
    return download(JSON.stringify(consent.receipt(record), null, 2), "application/ld+json", "consent-receipt.jsonld");
  }

  async function journal(request: WebRequest): Promise<WebResponse> {
    const { id } = request.reader!;
    const before = request.query.get("before");
    const cursor = before !== null && /^\d{1,15}$/.test(before) ? { cursor: before } : {};
    const [{ entries, next }, total, { inForce }] = await Promise.all([
      diary.read(id, { limit: PAGE_SIZE, ...cursor }),
      diary.count(id),
      consent.status(id, diary.purpose),
    ]);
    return {
      body: journalPage({
        ...pageContext(request),
        ...messageOf(request),
        agreed: inForce,
        entries,
        total,
        accesses: await accessesOf(id),
        ...defined({ olderHref: next && `/journal?before=${next}` }),
      }),
    };
  }

  /**
   * Accesses by others to data about this reader. The page shows time, action and reason, but no name (GDPR, Art.
   * 15(4)).
   */
  async function accessesOf(id: string): Promise<Access[]> {
    const found: Access[] = [];
    let cursor: string | undefined;
    for (let seen = 0; seen < LOOK_BACK && found.length < MOST_ACCESSES; seen += 200) {
      const { events, next } = await store.query({ user: id }, { limit: 200, ...defined({ cursor }) });
      for (const { actor, time = "", type = "", action = "", purpose = "" } of events) {
        if (actor?.id === undefined || actor.id === id) continue;
        const what = audit.catalogue.find({ type, action })?.description ?? action;
        found.push({ time, who: "the library’s staff", what, purpose: purpose.replaceAll("_", " ") });
      }
      if (next === undefined) break;
      cursor = next;
    }
    return found.slice(0, MOST_ACCESSES);
  }

  const exported =
    (format: JournalFormat, type: string) =>
    async (request: WebRequest): Promise<WebResponse> => {
      const { id } = request.reader!;
      let body = "";
      for await (const text of exportJournal(diary.export(id, format), format)) body += text;
      return download(body, type, `my-journal.${format}`);
    };

  async function deleteAll(request: WebRequest): Promise<WebResponse> {
    await diary.delete(request.reader!.id);
    return { location: "/journal?done=deleted" };
  }

  return [
    { method: "GET", path: "/settings", handle: settings },
    { method: "POST", path: "/settings/agree", role: "reader", handle: agree },
    { method: "POST", path: "/settings/stop", role: "reader", handle: stop },
    { method: "GET", path: "/settings/receipts/:consent", role: "reader", handle: receipt },
    { method: "GET", path: "/journal", role: "reader", handle: journal },
    { method: "GET", path: "/journal/export.json", role: "reader", handle: exported("json", "application/json; charset=utf-8") },
    { method: "GET", path: "/journal/export.csv", role: "reader", handle: exported("csv", "text/csv; charset=utf-8") },
    { method: "POST", path: "/journal/delete", role: "reader", handle: deleteAll },
  ];
}

const unavailable = (request: WebRequest): WebResponse => ({ body: noPrivacyPage(pageContext(request)) });

/** The same addresses over a store that keeps no journals. */
export const routesWithoutPrivacy: readonly Route[] = [
  { method: "GET", path: "/settings", handle: unavailable },
  { method: "POST", path: "/settings/agree", role: "reader", handle: () => ({ location: "/settings" }) },
  { method: "POST", path: "/settings/stop", role: "reader", handle: () => ({ location: "/settings" }) },
  { method: "GET", path: "/journal", role: "reader", handle: unavailable },
];

/** A reader's action: the words searched, or the section read. */
type Doing =
  | { readonly query: string; readonly found: number }
  | { readonly book: number; readonly section: number; readonly title: string; readonly heading: string };

/** Writes a journal entry if the reader consented. The response does not wait for it. */
export function noteJournalEntry(
  privacy: Privacy | undefined,
  readerId: string | undefined,
  activity: "search" | "read",
  doing: Doing,
): void {
  if (privacy === undefined || readerId === undefined) return;
  const { diary, counts } = privacy;
  if ("query" in doing) {
    void diary.record(readerId, activity, { query: doing.query });
    void counts.record(readerId, activity, { details: { found: doing.found } });
    return;
  }
  const { book, section, title, heading } = doing;
  void diary.record(readerId, activity, { resource: { type: "section", id: `${book}/sections/${section}` }, details: { title, heading } });
  void counts.record(readerId, activity);
}

/** Erases a removed reader: all parts that no ground keeps, the journal and the consents. */
export async function eraseReader(audit: AuditLog, { store }: Privacy, id: string): Promise<void> {
  await audit.flush();
  if (isEmptyPlan(await store.planErasure(id))) return;
  await erasePerson(id, { audit, store, confirm: true, verification: { method: "operator", confirmed: true } });
}

const download = (body: string, type: string, name: string): WebResponse => ({
  body,
  type,
  headers: { "content-disposition": `attachment; filename="${name}"`, "cache-control": "no-store" },
});

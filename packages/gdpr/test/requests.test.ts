import { runAs } from "@daybook/core";
import { DAY_MS } from "@daybook/core/store";
import { describe, expect, it } from "vitest";
import { createRequests, dueDate, erasePerson, PLAIN_CALENDAR, privacyHealth, WEEKEND_CALENDAR } from "../src/index.ts";
import { bookLent, openHouse } from "./support/house.ts";

const at = (date: string) => Date.parse(`${date}T10:00:00Z`);

describe("the due date of a request", () => {
  it.each([
    ["2027-01-31", "2027-02-28", "2027-03-01"],
    ["2026-11-22", "2026-12-22", "2026-12-22"],
    ["2027-03-31", "2027-04-30", "2027-04-30"],
    ["2028-01-30", "2028-02-29", "2028-02-29"],
    ["2026-12-31", "2027-01-31", "2027-02-01"],
  ])("of one received on %s is %s, or %s where weekends count", (received, plain, weekends) => {
    expect([dueDate(at(received), 1, PLAIN_CALENDAR), dueDate(at(received), 1, WEEKEND_CALENDAR)]).toEqual([plain, weekends]);
  });

  it("moves past holidays, and past the weekend behind them", () => {
    const calendar = { id: "be", workingDays: true, holidays: ["2026-12-25", "2027-01-01"] };
    expect([dueDate(at("2026-11-25"), 1, calendar), dueDate(at("2026-12-01"), 1, calendar)]).toEqual(["2026-12-28", "2027-01-04"]);
  });

  it("is counted from the local day of receipt", () => {
    const lateEvening = Date.parse("2027-01-30T23:30:00Z");
    expect([dueDate(lateEvening, 1, PLAIN_CALENDAR), dueDate(lateEvening, 1, { id: "fi", timeZone: "Europe/Helsinki" })]).toEqual([
      "2027-02-28",
      "2027-02-28",
    ]);
    const newYear = Date.parse("2026-12-31T23:30:00Z");
    expect([dueDate(newYear, 1, PLAIN_CALENDAR), dueDate(newYear, 1, { id: "fi", timeZone: "Europe/Helsinki" })]).toEqual([
      "2027-01-31",
      "2027-02-01",
    ]);
  });
});

describe("the register of requests", () => {
  it("keeps all fields and lists the most urgent first", async () => {
    const house = await openHouse();
    const requests = createRequests({ ...house, calendar: WEEKEND_CALENDAR, clock: { now: () => at("2027-02-01") } });
    const later = await requests.receive({
      kinds: ["erasure", "access"],
      channel: "letter",
      userId: "ada",
      receivedAt: "2027-01-31T08:00:00Z",
    });
    const sooner = await requests.receive({ kinds: ["info"], channel: "web", receivedAt: "2027-01-20T08:00:00Z" });
    expect(later).toMatchObject({
      kinds: ["erasure", "access"],
      channel: "letter",
      state: "received",
      receivedAt: "2027-01-31T08:00:00.000Z",
      dueAt: "2027-03-01",
      calendar: "weekends",
      rule: "months-clamped/1",
    });
    expect((await requests.list()).map(({ request }) => request)).toEqual([sooner.request, later.request]);
    expect(await house.store.nextRequestDue()).toBe(Date.parse("2027-02-23"));
    expect(requests.dates(later)).toMatchObject({ due: "2027-03-01", daysLeft: 28, overdue: false });
  });

  it("gives metrics the due dates, without names", async () => {
    const now = at("2027-02-20");
    const house = await openHouse();
    const requests = createRequests({ ...house, clock: { now: () => now } });
    for (const received of ["2027-01-10", "2027-01-25", "2027-02-12"]) {
      await requests.receive({ kinds: ["access"], channel: "mail", userId: "ada", receivedAt: `${received}T09:00:00Z` });
    }
    await house.journal.record("ada", "search");
    const health = await privacyHealth({ store: house.store, journals: [house.journal], clock: { now: () => now } })();
    expect(health).toEqual({
      erasures: { pending: 0, oldestPendingAt: null },
      requests: { overdue: 1, dueIn7Days: 1, dueIn30Days: 1, later: 0, nextDueAt: Date.parse("2027-02-11") },
      holds: 0,
      journal: {
        noConsent: { personal_diary: 1 },
        rejected: { no_consent_at_write: 0, late_event: 0, wrong_version: 0, withdrawn_in_flight: 0 },
      },
    });
  });

  it("extends once, after notice in the first month", async () => {
    let now = at("2027-01-31");
    const house = await openHouse();
    const requests = createRequests({ ...house, clock: { now: () => now } });
    const { request } = await requests.receive({ kinds: ["access"], channel: "mail", userId: "ada" });
    const { request: forgotten } = await requests.receive({ kinds: ["access"], channel: "mail", userId: "bob" });
    await expect(requests.extend(request, { months: 3 as never, reason: "many records" })).rejects.toMatchObject({ code: "BAD_OPTION" });
    await expect(requests.extend(request, { reason: " " })).rejects.toMatchObject({ code: "BAD_OPTION" });
    now = at("2027-02-28");
    expect(await requests.extend(request, { reason: "many records" })).toMatchObject({
      extendedUntil: "2027-04-30",
      extensionReason: "many records",
    });
    await expect(requests.extend(request, { reason: "more" })).rejects.toMatchObject({ code: "REQUEST_STATE" });
    now = at("2027-03-01");
    await expect(requests.extend(forgotten, { reason: "late", toldAt: "2027-02-10T00:00:00Z" })).rejects.toMatchObject({
      code: "DEADLINE_PASSED",
    });
  });

  it("shows dates with and without pauses", async () => {
    let now = at("2027-01-10");
    const house = await openHouse({ clock: { now: () => now } });
    const requests = createRequests({ ...house, clock: { now: () => now } });
    const { request } = await requests.receive({ kinds: ["access"], channel: "mail" });
    await requests.pause(request, "Art. 12(6): identity in doubt");
    now += 5 * DAY_MS;
    const resumed = await requests.resume(request);
    expect(requests.dates(resumed)).toMatchObject({ due: "2027-02-10", dueWithPauses: "2027-02-15" });
  });

  it("needs a ground for a refusal, and keeps remedies", async () => {
    const house = await openHouse();
    const requests = createRequests(house);
    const { request } = await requests.receive({ kinds: ["erasure"], channel: "web", userId: "ada" });
    await expect(requests.decide(request, { category: "security", outcome: "limit" })).rejects.toMatchObject({ code: "BAD_OPTION" });
    await expect(requests.close(request, "refused")).rejects.toMatchObject({ code: "BAD_OPTION" });
    await requests.close(request, "refused", "12(5)");
    const [event] = (await house.store.query({ action: "dsar.closed" })).events;
    expect(event?.data).toMatchObject({ outcome: "refused", ground: "12(5)", remedy: expect.stringContaining("Art. 77") });
    await expect(requests.close(request, "fulfilled")).rejects.toMatchObject({ code: "REQUEST_STATE" });
    await expect(requests.move("dsr-ffffffffff", "searching")).rejects.toMatchObject({ code: "REQUEST_UNKNOWN" });
  });

  it("hands nothing over to who was not checked", async () => {
    const house = await openHouse();
    const requests = createRequests(house);
    const { request } = await requests.receive({ kinds: ["access"], channel: "phone", userId: "ada" });
    await expect(requests.deliver(request, { via: "download" })).rejects.toMatchObject({ code: "IDENTITY_UNVERIFIED" });
    await requests.verify(request, { method: "known_facts", confirmed: false });
    await expect(requests.deliver(request, { via: "download" })).rejects.toMatchObject({ code: "IDENTITY_UNVERIFIED" });
    await requests.verify(request, { method: "signed_in_mfa", confirmed: true });
    expect(await requests.deliver(request, { via: "download" })).toMatchObject({ state: "delivered" });
  });

  it("continues without its person after an erasure", async () => {
    const house = await openHouse();
    const requests = createRequests(house);
    await runAs({ kind: "user", id: "ada" }, () => house.audit.record(bookLent, { data: { title: "Frankenstein" } })).stored;
    const { request } = await runAs({ kind: "user", id: "clerk" }, () =>
      requests.receive({ kinds: ["erasure"], channel: "letter", userId: "ada" }),
    );
    await requests.verify(request, { method: "document_seen", confirmed: true });
    expect(await house.store.isRequester(request, "ada")).toBe(true);
    await erasePerson("ada", { ...house, confirm: true, request });
    expect(await house.store.isRequester(request, "ada")).toBeUndefined();
    await requests.deliver(request, { via: "letter with the receipt" });
    const closed = await requests.close(request, "fulfilled");
    expect(closed).toMatchObject({ state: "closed", outcome: "fulfilled" });
    expect(closed.sub).toBeUndefined();
    await house.store.rebuildRequests();
    expect(await requests.get(request)).toEqual(closed);
    expect(await house.store.requestRecords(request)).toHaveLength(5);
  });
});

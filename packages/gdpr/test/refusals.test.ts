import { join } from "node:path";
import { isDaybookError } from "@daybook/core";
import { describe, expect, it } from "vitest";
import {
  createJournal,
  createRequests,
  defineNotice,
  definePurpose,
  dueDate,
  erasePerson,
  exportPerson,
  type Notice,
  openReceipt,
  type Purpose,
  planErasureOf,
  privacyInformation,
  receiptOf,
} from "../src/index.ts";
import { openHouse, personalDiary, readerNotice, systemImprovement, TICK } from "./support/house.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const codeOf = (action: () => unknown): string | undefined => {
  try {
    action();
    return undefined;
  } catch (cause) {
    return isDaybookError(cause) ? cause.code : String(cause);
  }
};

describe("a purpose", () => {
  it.each<[string, object, string]>([
    ["without a code", { purpose: "Personal Diary" }, "BAD_DEFINITION"],
    ["without a version", { version: "" }, "BAD_DEFINITION"],
    ["without a title", { title: " " }, "BAD_DEFINITION"],
    ["that does not say what it is", { text: undefined }, "BAD_DEFINITION"],
    ["with a basis that is none", { lawfulBasis: "consent" }, "BAD_DEFINITION"],
    ["with two bases", { lawfulBasis: ["6(1)(a)", "6(1)(f)"] }, "BAD_DEFINITION"],
    ["without categories of data", { dataCategories: [] }, "BAD_DEFINITION"],
    ["without a place", { storageLocations: "here" }, "BAD_DEFINITION"],
    ["with recipients without names", { recipients: [""] }, "BAD_DEFINITION"],
    ["valid for half a day", { validDays: 0.5 }, "BAD_DEFINITION"],
    ["asking again at once", { askAgainAfterDays: 0 }, "BAD_DEFINITION"],
    ["from one day on", { effectiveFrom: "tomorrow" }, "BAD_DEFINITION"],
    ["kept without an end", { retention: { until: "withdrawal" } }, "RETENTION_UNBOUNDED"],
    ["kept for ever", { retention: { days: Number.POSITIVE_INFINITY } }, "RETENTION_UNBOUNDED"],
  ])("%s is refused", (_, change, code) => {
    expect(codeOf(() => definePurpose({ ...personalDiary, ...change } as Purpose))).toBe(code);
  });
});

describe("a notice", () => {
  it.each<[string, object]>([
    ["without a code", { notice: "" }],
    ["without a version", { version: "one two" }],
    ["without a text", { content: "" }],
    ["without words for the box", { phrase: undefined }],
    ["without a controller", { controller: undefined }],
    ["without a contact", { controller: { ...readerNotice.controller, contact: "" } }],
    ["that does not say where to withdraw", { withdrawUrl: "" }],
    ["that names no authority", { authority: " " }],
    ["from one day on", { effectiveFrom: "tomorrow" }],
  ])("%s is refused", (_, change) => {
    expect(codeOf(() => defineNotice({ ...readerNotice, ...change } as Notice))).toBe("BAD_DEFINITION");
  });
});

describe("a decision about a purpose", () => {
  it("is refused without basis, person, method or guardian", async () => {
    const { consent, store } = await openHouse({
      purposes: [
        personalDiary,
        { ...systemImprovement, lawfulBasis: "6(1)(f)" },
        { ...personalDiary, purpose: "health_diary", lawfulBasis: "9(2)(a)", specialCategory: true },
      ],
    });
    const refused = (id: string, purpose: string, change: object) =>
      expect(consent.give(id, purpose, { ...TICK, ...change })).rejects.toMatchObject({ code: "BAD_OPTION" });
    await refused("ada", "system_improvement", {});
    await refused("ada", "health_diary", {});
    await refused("ada", "personal_diary", { expression: "implied" });
    await refused("", "personal_diary", {});
    await refused("ada", "personal_diary", { method: "telepathy" });
    await refused("ada", "personal_diary", { birthDate: "2099-01-01" });
    const guardian = { relation: "mother", verification: "signed letter" };
    await refused("ada", "personal_diary", { birthDate: "1980-01-01", guardian });
    await expect(consent.give("ada", "personal_diary", { ...TICK, guardian: { ...guardian, verification: "" } })).rejects.toMatchObject({
      code: "GUARDIAN_REQUIRED",
    });
    await expect(consent.withdraw("ada", "personal_diary", { method: "telepathy" as never })).rejects.toMatchObject({ code: "BAD_OPTION" });
    for (const bundle of [["personal_diary"], "personal_diary,health_diary"]) {
      await expect(consent.withdraw("ada", bundle as never, { method: "ui" })).rejects.toMatchObject({ code: "CONSENT_BUNDLED" });
      await expect(consent.refuse("ada", bundle as never, { method: "ui" })).rejects.toMatchObject({ code: "CONSENT_BUNDLED" });
    }
    expect(await store.count({ action: ["consent.given", "consent.refused", "consent.withdrawn"] })).toBe(0);
    expect(await consent.give("ada", "health_diary", { ...TICK, expression: "explicit" })).toMatchObject({ expression: "explicit" });
  });

  it("that is invalidated ends with its journal", async () => {
    const { consent, journal, store } = await openHouse();
    await consent.asked("ada", "personal_diary");
    await consent.asked("ada", "personal_diary", { deferred: true });
    expect((await consent.status("ada", "personal_diary")).state).toBe("none");
    expect(await journal.record("ada", "search")).toEqual({ outcome: "no_consent" });
    await consent.give("ada", "personal_diary", TICK);
    await journal.record("ada", "search", { query: "under a consent that was not free" });
    expect(await consent.invalidate("ada", "personal_diary", "given under pressure")).toMatchObject({ state: "invalidated" });
    expect([await journal.count("ada"), await consent.invalidate("ada", "personal_diary", "again")]).toEqual([0, undefined]);
    const actions = ["consent.requested", "consent.deferred", "consent.invalidated"];
    expect(await Promise.all(actions.map((action) => store.count({ action })))).toEqual([1, 1, 1]);
  });
});

describe("a request", () => {
  it("is refused with an invalid field", async () => {
    const house = await openHouse();
    const requests = createRequests(house);
    const receive = (change: object) => requests.receive({ kinds: ["access"], channel: "mail", ...change } as never);
    for (const change of [
      { kinds: [] },
      { kinds: ["everything"] },
      { channel: "smoke" },
      { receivedAt: "2099-01-01" },
      { receivedAt: "x" },
    ])
      await expect(receive(change)).rejects.toMatchObject({ code: "BAD_OPTION" });
    const { request } = await receive({});
    await expect(requests.verify(request, { method: "guess" as never, confirmed: true })).rejects.toMatchObject({ code: "BAD_OPTION" });
    await expect(requests.verify(request, { method: "document_seen", confirmed: true }, "passport.jpg")).rejects.toMatchObject({
      code: "BAD_OPTION",
    });
    await expect(requests.pause(request, "")).rejects.toMatchObject({ code: "BAD_OPTION" });
    await expect(requests.resume(request)).rejects.toMatchObject({ code: "REQUEST_STATE" });
    await requests.pause(request, "12(6)");
    await expect(requests.pause(request, "12(6)")).rejects.toMatchObject({ code: "REQUEST_STATE" });
    for (const state of ["closed", "delivered", "lost"])
      await expect(requests.move(request, state as never)).rejects.toMatchObject({ code: "BAD_OPTION" });
    await expect(requests.close(request, "gone" as never)).rejects.toMatchObject({ code: "BAD_OPTION" });
    expect((await house.store.requestRecords(request)).length).toBe(2);
  });

  it("cannot be counted from an invalid time or zone", () => {
    expect(codeOf(() => dueDate(Number.NaN, 1, { id: "plain" }))).toBe("BAD_OPTION");
    expect(codeOf(() => dueDate(0, 1, { id: "mars", timeZone: "Mars/Olympus" }))).toBe("BAD_OPTION");
  });

  it("that is closed or unknown permits nothing", async () => {
    const house = await openHouse();
    const requests = createRequests(house);
    await house.consent.give("ada", "personal_diary", TICK);
    const { request } = await requests.receive({ kinds: ["access"], channel: "mail", userId: "ada" });
    await requests.verify(request, { method: "email_loop", confirmed: true });
    await requests.close(request, "withdrawn_by_subject");
    const information = privacyInformation({ definitions: [], purposes: [], periods: new Map() });
    for (const [id, code] of [
      [request, "REQUEST_STATE"],
      ["dsr-0000000000", "REQUEST_UNKNOWN"],
    ] as const) {
      await expect(exportPerson("ada", { ...house, folder: join(temporaryFolder(), "p"), information, request: id })).rejects.toMatchObject(
        { code },
      );
      await expect(erasePerson("ada", { ...house, confirm: true, request: id })).rejects.toMatchObject({ code });
    }
  });
});

describe("a receipt of an erasure", () => {
  it("is trusted only unchanged, under a trusted key", async () => {
    const house = await openHouse();
    await house.consent.give("ada", "personal_diary", TICK);
    const verification = { method: "operator", confirmed: true } as const;
    const { issued } = await erasePerson("ada", { ...house, confirm: true, verification });
    expect(openReceipt(issued.note, [house.store.vkey])).toEqual(issued.receipt);
    const other = (await openHouse()).store.vkey;
    const altered = issued.note.replace('"operator":"system"', '"operator":"other"');
    expect(altered).not.toBe(issued.note);
    for (const [note, vkeys] of [
      [issued.note, [other]],
      [issued.note, []],
      [altered, [house.store.vkey]],
      ["no note", [house.store.vkey]],
    ] as const) {
      expect(codeOf(() => openReceipt(note, vkeys))).toBe("BAD_OPTION");
    }
    expect(codeOf(() => receiptOf("something else\n{}\n"))).toBe("BAD_OPTION");
  });
});

describe("an id that is none", () => {
  it("is refused by every call", async () => {
    const house = await openHouse();
    const { consent, store, journal } = house;
    const verification = { method: "operator", confirmed: true } as const;
    const information = privacyInformation({ definitions: [], purposes: [], periods: new Map() });
    for (const id of ["", "x".repeat(513), "\ud800", undefined as never]) {
      const folder = join(temporaryFolder(), "p");
      for (const refused of [
        consent.give(id, "personal_diary", TICK),
        consent.refuse(id, "personal_diary", { method: "ui" }),
        consent.withdraw(id, "personal_diary", { method: "ui" }),
        consent.asked(id, "personal_diary"),
        consent.status(id),
        planErasureOf(id, house),
        erasePerson(id, { ...house, confirm: true, verification }),
        exportPerson(id, { ...house, folder, information, verification }),
      ])
        await expect(refused).rejects.toMatchObject({ code: "BAD_OPTION" });
      expect(await journal.record(id, "search")).toMatchObject({ outcome: "refused", error: { code: "BAD_EVENT" } });
    }
    expect(await store.count({ action: ["consent.given", "gdpr.exported", "gdpr.receipt_issued"] })).toBe(0);
  });
});

describe("a journal", () => {
  it("has one purpose, and refuses entries after close", async () => {
    const { audit, store, consent, journal } = await openHouse();
    expect(codeOf(() => createJournal({ audit, store, purpose: "Everything at once" }))).toBe("BAD_OPTION");
    await expect(journal.delete("ada", { entries: Array.from({ length: 1_001 }, String) })).rejects.toMatchObject({ code: "BAD_OPTION" });
    await consent.give("ada", "personal_diary", TICK);
    const other = createJournal({ audit, store });
    await other.close();
    expect(await other.record("ada", "search")).toMatchObject({ outcome: "refused", error: { code: "LOG_CLOSED" } });
  });
});

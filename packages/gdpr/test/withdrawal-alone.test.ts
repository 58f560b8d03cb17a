import { DAY_MS } from "@daybook/core/store";
import { describe, expect, it } from "vitest";
import { createConsent, createJournal, erasePerson, withdrawConsent } from "../src/index.ts";
import { openHouse, personalDiary, readerNotice, systemImprovement, TICK } from "./support/house.ts";

const EDITED = { ...personalDiary, text: "Another text under the old version." };

describe("a withdrawal", () => {
  it("works while an edited text is refused", async () => {
    const { audit, store, consent, journal } = await openHouse();
    await consent.give("ada", "personal_diary", TICK);
    await journal.record("ada", "search", { query: "lamplighter" });
    const again = createConsent({ audit, store, purposes: [EDITED], notices: [readerNotice], sweepEveryMs: 0 });
    await expect(again).rejects.toMatchObject({ code: "VERSION_CHANGED" });
    expect(await withdrawConsent("ada", "personal_diary", { audit, store, method: "ui" })).toMatchObject({ state: "withdrawn" });
    expect(await journal.count("ada")).toBe(0);
    expect(await withdrawConsent("ada", "personal_diary", { audit, store, method: "ui" })).toBeUndefined();
  });

  it("reads and publishes no text", async () => {
    const { audit, store, consent } = await openHouse();
    await consent.give("ada", "personal_diary", TICK);
    const refuse = () => {
      throw new Error("no text is needed");
    };
    const withoutTexts = new Proxy(store, {
      get: (target, name) => {
        if (name === "purposes" || name === "notices" || name === "publish") return refuse;
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    expect(await withdrawConsent("ada", "personal_diary", { audit, store: withoutTexts, method: "paper", by: "operator" })).toMatchObject({
      state: "withdrawn",
    });
  });

  it("is open for a purpose no longer configured", async () => {
    const { path, consent, audit } = await openHouse();
    await consent.give("ada", "system_improvement", TICK);
    await audit.close();
    const later = await openHouse({ path, purposes: [personalDiary] });
    expect(await later.consent.withdraw("ada", "system_improvement", { method: "ui" })).toMatchObject({ state: "withdrawn" });
  });

  it("is refused for an invalid method or purpose", async () => {
    const { audit, store } = await openHouse();
    await expect(withdrawConsent("ada", "a,b", { audit, store, method: "ui" })).rejects.toMatchObject({ code: "CONSENT_BUNDLED" });
    await expect(withdrawConsent("ada", "a", { audit, store, method: "fax" as never })).rejects.toMatchObject({ code: "BAD_OPTION" });
  });
});

describe("other ends of a consent", () => {
  const FUTURE = { ...systemImprovement, purpose: "later_purpose", effectiveFrom: "2999-01-01T00:00:00Z" };

  it("expire although another purpose is not yet in force", async () => {
    let now = Date.now();
    const purposes = [{ ...personalDiary, validDays: 1 }, FUTURE];
    const { consent } = await openHouse({ purposes, clock: { now: () => now } });
    await consent.give("ada", "personal_diary", TICK);
    now += 2 * DAY_MS;
    expect(await consent.expireDue()).toBe(1);
    expect((await consent.status("ada")).map(({ state }) => state)).toEqual(["expired"]);
  });

  it("invalidate and erase need no current text", async () => {
    const { path, consent, audit } = await openHouse();
    await consent.give("ada", "system_improvement", TICK);
    await consent.give("bob", "system_improvement", TICK);
    await audit.close();
    const later = await openHouse({ path, purposes: [personalDiary] });
    const { audit: audit2, store } = later;
    const journal = createJournal({ audit: audit2, store, purpose: "system_improvement" });
    await journal.record("bob", "search", { query: "lamplighter" });
    expect(await journal.delete("bob")).toBe(1);
    expect(await later.consent.invalidate("ada", "system_improvement", "it was not free")).toMatchObject({ state: "invalidated" });
    await erasePerson("bob", { audit: audit2, store, confirm: true, verification: { method: "operator", confirmed: true } });
    expect(await store.consentsOf("bob")).toMatchObject([]);
    await journal.close();
  });
});

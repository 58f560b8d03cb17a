import { describe, expect, it } from "vitest";
import { type ErasableStore, erasePerson, planErasureOf } from "../src/index.ts";
import { bookLent, type House, openHouse, TICK } from "./support/house.ts";

const CONFIRMED = { confirm: true, verification: { method: "operator", confirmed: true } } as const;

/** The store with a count of its calls by name. */
function counted({ store }: House): { readonly store: ErasableStore; readonly calls: Map<string, number> } {
  const calls = new Map<string, number>();
  const proxy = new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      calls.set(String(name), calls.get(String(name)) ?? 0);
      return (...args: unknown[]) => {
        calls.set(String(name), (calls.get(String(name)) ?? 0) + 1);
        return (value as (...given: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  return { store: proxy, calls };
}

describe("an erasure", () => {
  it("counts its plan once, in the store", async () => {
    const house = await openHouse();
    const { audit, consent } = house;
    await consent.give("ada", "personal_diary", TICK);
    await audit.record(bookLent, { actor: { kind: "user", id: "ada" }, data: { title: "Dune" } }).stored;
    const { store, calls } = counted(house);
    const { result } = await erasePerson("ada", { audit, store, ...CONFIRMED });
    expect([calls.get("planErasure") ?? 0, calls.get("erase")]).toEqual([0, 1]);
    expect(result.plan).toMatchObject({ erase: 1, consents: ["personal_diary"] });
  });

  it("plans once if it is only a plan", async () => {
    const house = await openHouse();
    await house.audit.record(bookLent, { actor: { kind: "user", id: "ada" }, data: { title: "Dune" } }).stored;
    const { store, calls } = counted(house);
    await planErasureOf("ada", { audit: house.audit, store });
    expect([calls.get("planErasure"), calls.get("erase") ?? 0]).toEqual([1, 0]);
  });

  it("of an unknown person changes nothing", async () => {
    const house = await openHouse();
    await expect(erasePerson("ada", { ...house, ...CONFIRMED })).rejects.toMatchObject({ code: "PERSON_UNKNOWN" });
    await house.audit.record(bookLent, { actor: { kind: "user", id: "ada" }, data: { title: "Dune" } }).stored;
    expect(await house.store.count({ user: "ada" })).toBe(1);
  });
});

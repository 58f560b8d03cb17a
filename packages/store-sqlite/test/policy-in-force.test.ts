import { BUILT_IN_EVENTS, permissionDenied } from "@daybook/core";
import { BUILT_IN_TYPES, DEFAULT_RETENTION_PERIODS, type EventCodec, retentionClassName, retentionClassOf } from "@daybook/core/store";
import { CLASS, classOf, DEFAULT_POLICY } from "@daybook/ledger";
import { sampleEntry } from "@daybook/testkit";
import { describe, expect, it } from "vitest";
import { openSqliteReader, openSqliteStore, type SqliteStoreOptions } from "../src/index.ts";
import { DAY_MS, TrailInTime } from "./support/trail-in-time.ts";

describe("the table of retention classes in core", () => {
  it("has the days and names of the default policy", () => {
    const days = Object.entries(DEFAULT_POLICY).map(([number, { persons_days }]) => [Number(number), persons_days]);
    expect([...DEFAULT_RETENTION_PERIODS]).toEqual(days);
    const names = Object.entries(CLASS).map(([name, number]) => [number, name]);
    expect([...DEFAULT_RETENTION_PERIODS.keys()].map((number) => [number, retentionClassName(number)])).toEqual(names);
  });

  it("gives every event the class of its entry", () => {
    const others = BUILT_IN_TYPES.map((type) => ({ type, action: "some.action", retention: undefined }));
    for (const { type, action, retention } of [...BUILT_IN_EVENTS, ...others])
      expect([type, action, retentionClassOf({ type, action, retention })]).toEqual([type, action, classOf({ type, action })]);
  });
});

describe("the periods of a store", () => {
  const usage = (days: number): Partial<SqliteStoreOptions> => ({ policy: { 6: { persons_days: days, heads_days: 800 } } });

  it("are the defaults unless the log records others", async () => {
    const { store } = await TrailInTime.open();
    expect(await store.retentionPeriods()).toEqual(DEFAULT_RETENTION_PERIODS);
  });

  it("are longer as soon as the log records that", async () => {
    const { store, path } = await TrailInTime.open(usage(700));
    expect((await store.retentionPeriods()).get(6)).toBe(700);
    const reader = await openSqliteReader({ path });
    expect((await reader.retentionPeriods(Date.now())).get(6)).toBe(700);
    await reader.close();
  });

  it("are shorter only after the seven days of notice", async () => {
    const trail = await TrailInTime.open(usage(30));
    expect((await trail.store.retentionPeriods()).get(6)).toBe(184);
    trail.now += 8 * DAY_MS;
    expect((await trail.store.retentionPeriods()).get(6)).toBe(30);
  });

  it("include a class of the application", async () => {
    const trail = await TrailInTime.open({ policy: { 64: { persons_days: 10, actor: "erase", others: "erase" } } });
    expect((await trail.store.retentionPeriods()).has(64)).toBe(false);
    trail.now += 8 * DAY_MS;
    expect((await trail.store.retentionPeriods()).get(64)).toBe(10);
  });
});

describe("forgetting a person in the spool", () => {
  const entry = sampleEntry({ actor: { kind: "user", id: "ada" }, subjects: [{ id: "bob", role: "target" }], data: { who: "free text" } });
  const refused = sampleEntry({ actor: { kind: "user", id: "ada" } }, permissionDenied);
  const forgets = (codec: EventCodec, given: typeof entry, id: string) => {
    const text = codec.encode(given);
    return codec.forget(text, [id]) !== text;
  };

  it("keeps an actor that the recorded policy keeps", async () => {
    const { store } = await TrailInTime.open({ policy: { 1: { actor: "keep", ground: "17(3)(b)" } } });
    expect([forgets(store.codec, entry, "ada"), forgets(store.codec, entry, "bob")]).toEqual([false, true]);
  });

  it("erases an actor that only the default policy keeps", async () => {
    const trail = await TrailInTime.open();
    expect(forgets(trail.store.codec, refused, "ada")).toBe(false);
    await trail.reopen({ policy: { 2: { actor: "erase" } } });
    expect(forgets(trail.store.codec, refused, "ada")).toBe(true);
  });

  it("keeps a context part that the recorded policy keeps", async () => {
    const { store } = await TrailInTime.open({ policy: { 1: { others: "keep", ground: "17(3)(b)" } } });
    const forgotten = store.codec.forget(store.codec.encode(entry), ["ada"]);
    expect([forgotten?.includes("free text"), forgotten?.includes('"uid":"ada"')]).toEqual([true, false]);
  });

  it("follows a policy that another store records", async () => {
    const { store, path } = await TrailInTime.open();
    expect(forgets(store.codec, refused, "ada")).toBe(false);
    const other = await openSqliteStore({ path, worker: false, anchors: [], policy: { 2: { actor: "erase" } } });
    await other.retentionPeriods();
    await other.close();
    expect(forgets(store.codec, refused, "ada")).toBe(true);
  });

  it("leaves an event that the store takes", async () => {
    const { store } = await TrailInTime.open();
    const lines = ["ada", "bob"].map(
      (id) => `${store.codec.forget(store.codec.encode(sampleEntry({ actor: { kind: "user", id } })), ["ada"])}\n`,
    );
    expect(await store.appendLines(Buffer.from(lines.join("")))).toEqual({ refused: [] });
    const { events } = await store.query({ type: "sample" }, { order: "oldest" });
    expect(events.map(({ actor }) => actor?.id)).toEqual([undefined, "bob"]);
  });

  it("keeps a person under a legal hold until its release", async () => {
    const { store } = await TrailInTime.open();
    const { id } = await store.hold({ user: "ada", case: "c-1", ground: "17(3)(e)", review: "2030-01-01" });
    expect([forgets(store.codec, entry, "ada"), forgets(store.codec, entry, "bob")]).toEqual([false, true]);
    await store.release(id);
    expect(forgets(store.codec, entry, "ada")).toBe(true);
  });
});

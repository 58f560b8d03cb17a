import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it, vi } from "vitest";
import { EventArena, linesOfPacked } from "../src/delivery/event-arena.ts";
import { RecordedEvent } from "../src/delivery/recorded-event.ts";
import { accessChanged, createAuditLog, type DaybookError, noteRecorded } from "../src/index.ts";
import { temporaryFolder } from "./support/folders.ts";
import { formedStore } from "./support/formed-store.ts";
import { codeOf } from "./support/logs.ts";
import type { Mood } from "./support/moody-sink.ts";
import { noteEntry } from "./support/note-entry.ts";
import { random } from "./support/random.ts";

const handling = { durable: false, policy: "spool", rank: 0, takers: [], required: 1 } as const;

function recorded(order: number): RecordedEvent {
  const { event, definition } = noteEntry();
  return new RecordedEvent(event, definition, handling, "spool", 600, order, undefined);
}

const LETTERS = ["a", "é", "語", "😀", "\u0000", "\t", '"'];
const textOf = (next: () => number) => LETTERS[Math.floor(next() * LETTERS.length)]!.repeat(Math.floor(next() ** 8 * 60_000));

describe("the event arena", () => {
  it("returns packed events whatever was recycled before", () => {
    const next = random(1);
    const events = new EventArena();
    const waiting: { packed: ReturnType<EventArena["pack"]>; id: string; text: string }[] = [];
    for (let i = 0; i < 20_000; i++) {
      const event = recorded(i);
      const text = textOf(next);
      const packed = events.pack(event, text);
      waiting.push({ packed, id: event.id, text });
      while (waiting.length > 50) {
        const [{ packed: old, id, text: expected }] = waiting.splice(Math.floor(next() * waiting.length), 1) as [(typeof waiting)[0]];
        expect([old.id, old.text === expected, old.bytes]).toEqual([id, true, 37 + Buffer.byteLength(expected)]);
        old.recycle();
        old.recycle();
      }
    }
    for (let i = 0; i < 200; i++) {
      const event = recorded(i);
      waiting.push({ packed: events.pack(event, `last ${i}`), id: event.id, text: `last ${i}` });
    }
    expect(linesOfPacked(waiting.map(({ packed }) => packed)).toString()).toBe(waiting.map(({ text }) => `${text}\n`).join(""));
    expect(new Set(waiting.map(({ packed }) => packed)).size).toBe(250);
  });

  it("reuses its blocks in any order of recycling", () => {
    const next = random(2);
    const events = new EventArena();
    const waiting: ReturnType<EventArena["pack"]>[] = [];
    const blocks = new Set<Buffer>();
    for (let i = 0; i < 20_000; i++) {
      waiting.push(events.pack(recorded(i), "x".repeat(900)));
      blocks.add(waiting.at(-1)!.block.bytes);
      if (waiting.length > 300) waiting.splice(Math.floor(next() * waiting.length), 1)[0]!.recycle();
    }
    // 18 MB have passed through.
    expect(blocks.size * 64 * 1_024).toBeLessThan(5_000_000);
  });
});

describe("a store that takes lines", () => {
  it("gets lines in the order of recording", async () => {
    const formed = formedStore();
    const audit = createAuditLog({ store: formed.store, signals: false, onNotice: () => undefined });
    const notes = Array.from({ length: 2_500 }, (_, i) => `${i} ${LETTERS.join("")}`);
    for (const note of notes) audit.record(noteRecorded, { data: { note } });
    await audit.flush();
    expect(formed.events.map((event) => event.data!.note)).toEqual(notes);
    expect(formed.batches).toEqual([640, 640, 640, 580]);
    expect(await audit.close()).toEqual({ lost: 0 });
  });

  it("loses only the event that its codec refuses", async () => {
    const formed = formedStore();
    const problems: DaybookError[] = [];
    formed.unacceptable = ({ event }) =>
      event.data?.note === "bad" ? Object.assign(new Error("no"), { code: "TOO_LARGE", hint: "Make it smaller." }) : undefined;
    formed.refuse = (event) => event.data?.note === "worse";
    const audit = createAuditLog({ store: formed.store, signals: false, onProblem: (error) => problems.push(error) });
    const receipts = ["good", "bad", "fine", "worse"].map((note) => audit.record(noteRecorded, { data: { note } }));
    expect(await Promise.all(receipts.map(({ stored }) => codeOf(stored)))).toEqual([
      undefined,
      "EVENT_REFUSED",
      undefined,
      "EVENT_REFUSED",
    ]);
    expect(problems.map(({ hint }) => hint)).toEqual([
      expect.stringContaining("TOO_LARGE: Make it smaller."),
      expect.stringContaining("NO: It was refused."),
    ]);
    expect(audit.stats()).toMatchObject({ accepted: 4, written: 2, queued: 0, dropped: { refused: 2 } });
    await audit.close();
  });

  it("keeps refused texts out of the spool", async () => {
    const formed = formedStore({ spoolPath: join(temporaryFolder(), "audit.spool"), forbidden: "secret" });
    const audit = createAuditLog({ store: formed.store, signals: false, lifecycle: false, onProblem: () => undefined });
    formed.become("failing");
    const receipts = ["open", "secret"].map((note) => audit.record(noteRecorded, { data: { note } }));
    expect(await Promise.all(receipts.map(({ stored }) => codeOf(stored)))).toEqual([undefined, "EVENT_REFUSED"]);
    expect(audit.stats()).toMatchObject({ spooled: 1, dropped: { refused: 1 } });
    formed.become("well");
    await vi.waitFor(() => expect(formed.events.map((event) => event.data?.note)).toEqual(["open"]), 5_000);
    await audit.close();
  });

  it.each([
    ["with a spool", 1],
    ["with a spool", 2],
    ["without a spool", 3],
    ["without a spool", 4],
  ])("stores every event once, in order, %s (%i)", async (kind, seed) => {
    const next = random(seed);
    const formed = formedStore(kind === "with a spool" ? { spoolPath: join(temporaryFolder(), "audit.spool") } : {});
    const audit = createAuditLog({
      store: formed.store,
      signals: false,
      lifecycle: false,
      queue: { maxEvents: 300, maxBytes: 1_000_000 },
      deadlineMs: 150,
      onProblem: () => undefined,
      onNotice: () => undefined,
    });
    formed.refuse = (event) => event.data?.note?.toString().startsWith("7") ?? false;
    const given = new Map<string, string>();
    const settled: Promise<[string, string | undefined]>[] = [];
    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    for (let step = 0; step < 400; step++) {
      const count = Math.floor(next() * 40);
      for (let i = 0; i < count; i++) {
        const note = `${given.size} ${textOf(next).slice(0, 1_500)}`;
        const durable = next() < 0.2;
        const receipt = durable
          ? audit.record(accessChanged, { data: { granted: [note] } })
          : audit.record(noteRecorded, { data: { note }, severity: next() < 0.3 ? "warning" : "info" });
        given.set(receipt.id, note);
        if (next() < 0.5) settled.push(codeOf(receipt.stored).then((code) => [receipt.id, code]));
      }
      if (step % 20 === 0) formed.become((["well", "failing", "well", "hanging"] satisfies Mood[])[Math.floor(next() * 4)]!);
      if (next() < 0.3) await pause(next() * 10);
      const { accepted, written, spooled, queued, dropped } = audit.stats();
      expect(accepted).toBe(written + spooled + queued + Object.values(dropped).reduce((a, b) => a + b));
    }
    formed.become("well");
    await audit.flush();
    const { lost } = await audit.close();
    expect(lost).toBe(0);
    const own = formed.events.filter(({ type }) => type !== "compliance");
    for (const { id, data } of own) expect(data!.note ?? (data!.granted as string[])[0]).toBe(given.get(id));
    expect(new Set(own.map(({ id }) => id)).size).toBe(own.length);
    const stored = new Set(own.map(({ id }) => id));
    const receipts = await Promise.all(settled);
    const well = receipts.filter(([, code]) => code === undefined);
    expect(well.length).toBeGreaterThan(100);
    expect(well.filter(([id]) => !stored.has(id) && !given.get(id)!.startsWith("7"))).toEqual([]);
    const { accepted, written, queued, spooled, dropped } = audit.stats();
    expect([queued, spooled, accepted]).toEqual([0, 0, written + Object.values(dropped).reduce((a, b) => a + b)]);
  });

  it("keeps queued events off the JavaScript heap, within the bound", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const formed = formedStore();
    const maxBytes = 4_000_000;
    const audit = createAuditLog({
      store: formed.store,
      signals: false,
      queue: { maxBytes, maxEvents: 100_000 },
      onProblem: () => undefined,
    });
    formed.become("hanging");
    const record = (i: number) => audit.recordWithoutReceipt(noteRecorded, { data: { note: `${i} ${"x".repeat(800)}` } }, {});
    record(0);
    // Memory of buffers is given back by a thread beside the collection.
    for (let i = 0; i < 5; i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const before = process.memoryUsage();
    for (let i = 1; i < 20_000; i++) record(i);
    collect();
    const after = process.memoryUsage();
    const { queued, dropped } = audit.stats();
    expect(dropped.queue_full).toBe(20_000 - queued);
    const bytes = after.arrayBuffers - before.arrayBuffers;
    // 1,100 bytes each: the bound in bytes has stopped them, and the bytes are where they should be.
    expect(bytes).toBeGreaterThan(0.9 * maxBytes);
    expect(bytes).toBeLessThan(1.1 * maxBytes + 200_000);
    expect((after.heapUsed - before.heapUsed) / queued).toBeLessThan(400);
    formed.become("well");
    await audit.close();
  });
});

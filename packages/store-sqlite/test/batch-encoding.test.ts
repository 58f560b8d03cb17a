import { describe, expect, it } from "vitest";
import { encodeHanded, HandedBatch, type HandedEvent } from "../src/encoding/batch-encoding.ts";

const event = (n: number, text = `{"n":${n}}`): HandedEvent => ({
  id: `id ${n}`,
  time: "2026-11-24T10:00:00.000Z",
  split: { class: 2, parts: [{ text }, { role: "actor", sub: `p${n}.ab`, text: `{"role":"actor"}` }, { role: "context", text: "{}" }] },
  projected: n % 2 === 0 ? undefined : ({ id: `id ${n}` } as HandedEvent["projected"]),
});
const linesOf = (events: readonly HandedEvent[]) => Uint8Array.from(Buffer.from(events.map((each) => `${encodeHanded(each)}\n`).join("")));

describe("a batch on its way to the writer", () => {
  const events = [event(1), event(2, '{"title":"Ἠλέκτρα 📖"}'), event(3)];

  it("yields its events in order on every iteration", () => {
    const batch = new HandedBatch(linesOf(events));
    expect([...batch]).toEqual(events);
    expect([...batch]).toEqual(events);
    expect([...new HandedBatch(new Uint8Array())]).toEqual([]);
  });

  it("is empty after its memory is freed", () => {
    const lines = linesOf(events);
    const batch = new HandedBatch(lines);
    batch.free();
    expect([lines.byteLength, [...batch]]).toEqual([0, []]);
  });

  it("does not free shared memory", () => {
    const shared = Buffer.concat([Buffer.from("before"), linesOf(events), Buffer.from("after")]);
    const part = new Uint8Array(shared.buffer, shared.byteOffset + 6, shared.length - 11);
    new HandedBatch(part).free();
    expect(shared.toString("utf8", 0, 6) + shared.toString("utf8", shared.length - 5)).toBe("beforeafter");
  });
});

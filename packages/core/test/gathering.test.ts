import { describe, expect, it } from "vitest";
import { accessChanged, noteRecorded } from "../src/index.ts";
import { logOver } from "./support/logs.ts";
import { moodySink } from "./support/moody-sink.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const note = (text: string) => ({ data: { note: text } });

describe("events nobody waits for", () => {
  it("gather while every turn of the event loop brings more, and are written together", async () => {
    const sink = moodySink();
    const { audit } = logOver(sink);
    for (let i = 0; i < 20; i++) {
      audit.record(noteRecorded, note(String(i)));
      await turn();
    }
    await audit.flush();
    expect(sink.batches).toEqual([20]);
  });

  it("are written at the first turn that brings none", async () => {
    const sink = moodySink();
    const { audit } = logOver(sink);
    audit.record(noteRecorded, note("alone"));
    for (let i = 0; i < 4 && sink.batches.length === 0; i++) await turn();
    expect(sink.batches).toEqual([1]);
  });

  it("do not gather for ever", async () => {
    const sink = moodySink();
    const { audit } = logOver(sink);
    for (let i = 0; i < 100; i++) {
      audit.record(noteRecorded, note(String(i)));
      await turn();
    }
    await audit.flush();
    expect(sink.batches.length).toBeGreaterThan(2);
  });

  it("go along at once where somebody waits for another", async () => {
    const sink = moodySink();
    const { audit } = logOver(sink);
    for (let i = 0; i < 5; i++) {
      audit.record(noteRecorded, note(String(i)));
      await turn();
    }
    expect(sink.batches).toEqual([]);
    audit.record(accessChanged, { data: { granted: ["read"] } });
    await turn();
    await turn();
    expect(sink.batches).toEqual([6]);
  });
});

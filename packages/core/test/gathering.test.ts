import { describe, expect, it } from "vitest";
import { accessChanged, noteRecorded } from "../src/index.ts";
import { logOver } from "./support/logs.ts";
import { moodySink } from "./support/moody-sink.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const note = (text: string) => ({ data: { note: text } });

describe("background events", () => {
  it("gather while each turn brings more", async () => {
    const sink = moodySink();
    const { audit } = logOver(sink);
    for (let i = 0; i < 20; i++) {
      audit.record(noteRecorded, note(String(i)));
      await turn();
    }
    await audit.flush();
    expect(sink.batches).toEqual([20]);
  });

  it("are written at the first turn without a new one", async () => {
    const sink = moodySink();
    const { audit } = logOver(sink);
    audit.record(noteRecorded, note("alone"));
    for (let i = 0; i < 4 && sink.batches.length === 0; i++) await turn();
    expect(sink.batches).toEqual([1]);
  });

  it("do not gather without a bound", async () => {
    const sink = moodySink();
    const { audit } = logOver(sink);
    for (let i = 0; i < 100; i++) {
      audit.record(noteRecorded, note(String(i)));
      await turn();
    }
    await audit.flush();
    expect(sink.batches.length).toBeGreaterThan(2);
  });

  it("are written at once together with a durable event", async () => {
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

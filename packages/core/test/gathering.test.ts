import { describe, expect, it } from "vitest";
import { type AuditLog, accessChanged, noteRecorded, type Receipt } from "../src/index.ts";
import { logOver } from "./support/logs.ts";
import { moodySink } from "./support/moody-sink.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const note = (text: string) => ({ data: { note: text } });

describe("background events", () => {
  it("gather for at most 20 ms, whatever arrives meanwhile", async () => {
    const sink = moodySink();
    const { audit } = logOver(sink);
    const begun = performance.now();
    for (let i = 0; sink.batches.length === 0; i++) {
      if (i < 200) audit.record(noteRecorded, note(String(i)));
      await turn();
    }
    expect(performance.now() - begun).toBeGreaterThan(15);
    await audit.flush();
    expect(sink.batches.length).toBeLessThan(10);
    expect(sink.batches.reduce((sum, n) => sum + n, 0)).toBe(200);
  });

  it("do not wait if a batch is full", async () => {
    const sink = moodySink();
    const { audit } = logOver(sink);
    for (let i = 0; i < 640; i++) audit.record(noteRecorded, note(String(i)));
    await turn();
    await turn();
    expect(sink.batches).toEqual([640]);
  });

  it.each<[string, (audit: AuditLog, receipt: Receipt) => Promise<unknown>]>([
    ["a caller awaits the receipt", (_, receipt) => receipt.stored],
    ["a caller flushes", (audit) => audit.flush()],
    ["the log closes", (audit) => audit.close()],
  ])("do not wait if %s", async (_, wait) => {
    const sink = moodySink();
    const { audit } = logOver(sink);
    for (let i = 0; i < 20; i++) {
      const begun = performance.now();
      void wait(audit, audit.record(noteRecorded, note("alone")));
      await turn();
      await turn();
      const turns = performance.now() - begun;
      expect({ batches: sink.batches.length > 0, turns: turns < 15 || "slow machine" }).toEqual({
        batches: true,
        turns: expect.anything(),
      });
      if (wait.length === 1) break;
    }
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

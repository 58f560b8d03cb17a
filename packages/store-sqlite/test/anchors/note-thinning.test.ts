import { describe, expect, it } from "vitest";
import { thinned } from "../../src/checkpoints/anchors/note-thinning.ts";

const NOW = Date.parse("2026-11-22T12:00:00.000Z");
const MINUTE = 60_000;
const DAY = 86_400_000;
const madeEvery = (step: number, from: number, to: number) =>
  Array.from({ length: Math.floor((to - from) / step) }, (_, i) => ({ at: NOW + from + i * step }));

describe("thinning notes", () => {
  it("keeps all notes of the last 7 days", () => {
    const notes = madeEvery(5 * MINUTE, -7 * DAY + MINUTE, 0);
    expect(thinned(notes, NOW)).toEqual(notes);
  });

  it("keeps hourly notes for a year, then daily", () => {
    const hours = madeEvery(5 * MINUTE, -20 * DAY, -10 * DAY);
    expect(thinned(hours, NOW)).toHaveLength(10 * 24);
    expect(new Set(thinned(hours, NOW).map(({ at }) => new Date(at).getUTCMinutes()))).toEqual(new Set([55]));
    const days = madeEvery(5 * MINUTE, -400 * DAY, -390 * DAY);
    // Ten days from noon to noon touch eleven dates.
    expect(thinned(days, NOW)).toHaveLength(11);
  });

  it("never drops the newest note", () => {
    const notes = [{ at: NOW - 500 * DAY }, { at: NOW - 500 * DAY + 1 }];
    expect(thinned(notes, NOW)).toEqual(notes.slice(1));
  });

  it("changes nothing when repeated", () => {
    const once = thinned(madeEvery(7 * MINUTE, -60 * DAY, 0), NOW);
    expect(thinned(once, NOW)).toEqual(once);
  });
});

import { describe, expect, it } from "vitest";
import { before, durationMs } from "../src/query/duration.ts";

const at = (iso: string) => Date.parse(iso);
const iso = (ms: number) => new Date(ms).toISOString();

describe("reading a duration", () => {
  it.each([
    ["90s", 90_000],
    ["15m", 900_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
    ["2w", 1_209_600_000],
    ["6mo", 6 * 30 * 86_400_000],
    ["2y", 2 * 365 * 86_400_000],
    ["P1Y2M3DT4H5M6S", (365 + 60 + 3) * 86_400_000 + 4 * 3_600_000 + 5 * 60_000 + 6_000],
    ["P7D", 604_800_000],
    ["P2W", 1_209_600_000],
    ["PT15M", 900_000],
    ["0d", 0],
  ])("takes %s for %d ms", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each(["6M", "7", "-7d", "7 d", "7D", "1.5h", "7d; drop", "P", "PT", "P1H", "p7d", "", "1d2h", "9999999d", "٣d", "7d\n"])(
    "refuses %j",
    (text) => {
      expect(() => durationMs(text)).toThrow(expect.objectContaining({ code: "BAD_DURATION", hint: expect.stringContaining("7d") }));
    },
  );
});

describe("a moment before another", () => {
  it("counts calendar months and cuts the day", () => {
    expect(iso(before("1mo", at("2027-03-31T10:00:00.000Z")))).toBe("2027-02-28T10:00:00.000Z");
    expect(iso(before("1mo", at("2028-03-31T10:00:00.000Z")))).toBe("2028-02-29T10:00:00.000Z");
    expect(iso(before("1y", at("2028-02-29T00:00:00.000Z")))).toBe("2027-02-28T00:00:00.000Z");
    expect(iso(before("13mo", at("2027-01-15T00:00:00.000Z")))).toBe("2025-12-15T00:00:00.000Z");
  });

  it("takes days as 24 hours", () => {
    expect(iso(before("7d", at("2026-11-24T12:00:00.000Z")))).toBe("2026-11-17T12:00:00.000Z");
  });

  it("refuses a moment before the first date", () => {
    expect(() => before("999999y", at("2026-11-24T12:00:00.000Z"))).toThrow(expect.objectContaining({ code: "BAD_DURATION" }));
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { TUNING_NOTES } from "../goals/tuning-notes.ts";
import { type Bound, distance, judged, type Measurement, type Verdict } from "../measure/goal.ts";
import type { Machine } from "../measure/machine.ts";
import { withinNoise } from "../measure/ratio.ts";
import { asJson, asPage, asTable } from "../report.ts";

const AT_MOST_HALF: Bound = { most: 0.5 };

/** Added microseconds of each side in every round. */
function measured(ours: readonly number[], peer: readonly number[], bound: Bound = AT_MOST_HALF): Measurement {
  const ratios = ours.map((us, i) => us / peer[i]!);
  return { id: "P14", goal: "added CPU", bound, against: "a peer", ratios, added: [ours, peer], note: "as measured" };
}

const CASES: readonly { readonly name: string; readonly measurement: Measurement; readonly verdict: Verdict }[] = [
  { name: "a clear win", measurement: measured([10, 11, 12], [40, 42, 41]), verdict: "met" },
  { name: "a clear loss", measurement: measured([60, 61, 62], [40, 42, 41]), verdict: "not met" },
  { name: "our cost within its noise", measurement: measured([1, 4, 9], [40, 42, 41]), verdict: "inconclusive" },
  { name: "the peer's cost within its noise", measurement: measured([60, 61, 62], [2, 30, 20]), verdict: "inconclusive" },
  { name: "a negative difference of the peer", measurement: measured([17, 18], [-16, -15]), verdict: "inconclusive" },
  { name: "a negative difference of ours", measurement: measured([-3, -2], [16, 17]), verdict: "inconclusive" },
  { name: "one round with a positive cost", measurement: measured([10], [40]), verdict: "met" },
  { name: "a lower bound reached", measurement: measured([30, 31], [10, 11], { least: 2 }), verdict: "met" },
  { name: "a lower bound missed", measurement: measured([10, 11], [30, 31], { least: 2 }), verdict: "not met" },
  {
    name: "sides measured directly, whatever their spread",
    measurement: { id: "P5", goal: "rows/s", bound: { least: 1 }, against: "a table", ratios: [0.5, 1.5, 3], note: "as measured" },
    verdict: "met",
  },
];

const MACHINE: Machine = {
  cores: 2,
  processor: "a processor",
  memoryGiB: 4,
  system: "Linux",
  node: "v24",
  sqlite: "3",
  sqliteShell: "3",
  pinned: true,
};

describe("the verdict on a goal", () => {
  it.each(CASES)("$name: $verdict", ({ measurement, verdict }) => {
    expect(judged(measurement).verdict).toBe(verdict);
  });

  it("is in every report", () => {
    const results = [judged(measured([17, 18], [-16, -15]))];
    const sizes = { short: true } as Parameters<typeof asJson>[2];
    expect(asJson(results, [], sizes).goals[0]).toMatchObject({ met: false, verdict: "inconclusive" });
    expect(asTable(results, [], sizes, MACHINE)).toMatch(/-1\.\d\dx.*inconclusive/);
    expect(asTable(results, [], sizes, MACHINE)).not.toContain("NOT MET");
    expect(asPage(results, [], MACHINE)).toContain("| inconclusive |");
  });

  it("ranks an inconclusive goal between met and not met", () => {
    const [met, missed, open] = [CASES[0]!, CASES[1]!, CASES[2]!].map(({ measurement }) => distance(judged(measurement)));
    expect(met!).toBeLessThan(open!);
    expect(open!).toBeLessThan(missed!);
  });
});

describe("noise", () => {
  it.each([
    { costs: [10, 11, 12], within: false },
    { costs: [1, 4, 9], within: true },
    { costs: [5, 10], within: false },
    { costs: [5, 15], within: true },
    { costs: [-16, -15], within: true },
    { costs: [0], within: true },
  ])("of $costs: $within", ({ costs, within }) => {
    expect(withinNoise(costs)).toBe(within);
  });
});

describe("docs/performance.md", () => {
  it("ends with the tuning notes of the generator", () => {
    expect(readFileSync(new URL("../../docs/performance.md", import.meta.url), "utf8").endsWith(`\n${TUNING_NOTES}\n`)).toBe(true);
  });
});

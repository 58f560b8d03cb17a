import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { TUNING_NOTES } from "../goals/tuning-notes.ts";
import { type Bound, distance, FULL, type Judged, judged, type Measurement, SHORT, type Verdict } from "../measure/goal.ts";
import type { Machine } from "../measure/machine.ts";
import { withinNoise } from "../measure/ratio.ts";
import { asJson, asPage, asTable } from "../report.ts";

const AT_MOST_HALF: Bound = { most: 0.5 };

/** Added microseconds of each side in every round. */
function measured(ours: readonly number[], peer: readonly number[], bounds: Partial<Measurement> = {}): Measurement {
  const ratios = ours.map((us, i) => us / peer[i]!);
  const added = [ours, peer];
  return { id: "P14", goal: "added CPU", step: AT_MOST_HALF, against: "a peer", ratios, added, note: "as measured", ...bounds };
}

const direct = (ratios: readonly number[], rest: Partial<Measurement> = {}): Measurement => ({
  id: "P5",
  goal: "rows/s",
  step: { least: 2 },
  floor: { least: 1.7 },
  against: "a table",
  ratios,
  note: "as measured",
  ...rest,
});

const CASES: readonly { readonly name: string; readonly measurement: Measurement; readonly verdict: Verdict }[] = [
  { name: "a clear win", measurement: measured([10, 11, 12], [40, 42, 41]), verdict: "reached" },
  { name: "a clear loss", measurement: measured([60, 61, 62], [40, 42, 41]), verdict: "not reached" },
  {
    name: "a clear loss above the floor",
    measurement: measured([60, 61, 62], [40, 42, 41], { floor: { most: 1 } }),
    verdict: "not reached",
  },
  { name: "a cost between step and floor", measurement: measured([30, 31, 32], [40, 42, 41], { floor: { most: 0.8 } }), verdict: "floor" },
  { name: "our cost within its noise", measurement: measured([1, 4, 9], [40, 42, 41]), verdict: "inconclusive" },
  { name: "the peer's cost within its noise", measurement: measured([60, 61, 62], [2, 30, 20]), verdict: "inconclusive" },
  { name: "a negative difference of the peer", measurement: measured([17, 18, 17], [-16, -15, -16]), verdict: "inconclusive" },
  { name: "a negative difference of ours", measurement: measured([-3, -2, -3], [16, 17, 16]), verdict: "inconclusive" },
  { name: "two rounds", measurement: measured([10, 11], [40, 41]), verdict: "too few rounds" },
  { name: "one round", measurement: measured([10], [40]), verdict: "too few rounds" },
  { name: "a lower bound reached", measurement: direct([3, 3, 2.9]), verdict: "reached" },
  { name: "a lower bound on the step", measurement: direct([2, 2, 2]), verdict: "reached" },
  { name: "a lower bound between step and floor", measurement: direct([1.7, 1.8, 1.9]), verdict: "floor" },
  { name: "a lower bound missed", measurement: direct([0.3, 0.4, 0.3]), verdict: "not reached" },
  { name: "sides measured directly, whatever their spread", measurement: direct([0.5, 2.5, 3]), verdict: "reached" },
  { name: "one number that needs no rounds", measurement: direct([2.5], { once: true }), verdict: "reached" },
  {
    name: "a size below that of the bounds",
    measurement: direct([3, 3, 3], { size: { amount: 40_000, unit: "events", setFor: 1_000_000 } }),
    verdict: "too small",
  },
  {
    name: "a loss at a size below that of the bounds",
    measurement: direct([0.1], { once: true, size: { amount: 40_000, unit: "events", setFor: 1_000_000 } }),
    verdict: "too small",
  },
  {
    name: "a size beyond that of the bounds",
    measurement: direct([3, 3, 3], { size: { amount: 5_550_000, unit: "events", setFor: 5_000_000 } }),
    verdict: "reached",
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

const resultOf = (verdict: Verdict): Judged => judged(CASES.find((each) => each.verdict === verdict)!.measurement);

describe("the verdict on a goal", () => {
  it.each(CASES)("$name: $verdict", ({ measurement, verdict }) => {
    expect(judged(measurement).verdict).toBe(verdict);
  });

  it("is in every report", () => {
    const results = [judged(measured([17, 18, 17], [-16, -15, -16]))];
    expect(asJson(results, [], SHORT).goals[0]).toMatchObject({ reached: false, verdict: "inconclusive" });
    expect(asTable(results, [], SHORT, MACHINE)).toMatch(/-1\.\d\dx.*inconclusive/);
    expect(asTable(results, [], SHORT, MACHINE)).not.toContain("NOT REACHED");
    expect(asPage(results, [], MACHINE)).toContain("| inconclusive |");
  });

  it.each(["too small", "too few rounds", "inconclusive"] as const)("never counts %s as reached", (verdict) => {
    expect(asJson([resultOf(verdict)], [], SHORT).goals[0]).toMatchObject({ reached: false, verdict });
  });

  it("ranks a goal without a decision between reached and not reached", () => {
    const met = distance(resultOf("reached"));
    const missed = distance(resultOf("not reached"));
    for (const open of [resultOf("inconclusive"), resultOf("too small"), resultOf("too few rounds")]) {
      expect(met).toBeLessThanOrEqual(distance(open));
      expect(distance(open)).toBeLessThan(missed);
    }
  });
});

describe("a report", () => {
  const size = { amount: 40_000, unit: "events" } as const;
  const work = { ours: { requests: 12_345, events: 12_345 }, theirs: { requests: 12_000, lines: 24_000 } };
  const results = [judged(measured([30, 31, 32], [40, 42, 41], { id: "P1", floor: { most: 0.8 }, size, work }))];

  it("has the bounds, the number of rounds, the size and what both sides did", () => {
    const table = asTable(results, [], FULL, MACHINE);
    expect(table).toMatch(/P1 .*<= 0\.5x .*<= 0\.8x .* 3 .*40,000 events .*floor/);
    expect(table).toContain("Done: 12,345 requests, 12,345 events; the other side 12,000 requests, 24,000 lines.");
    expect(asJson(results, [], FULL).goals[0]).toMatchObject({ step: { most: 0.5 }, floor: { most: 0.8 }, rounds: 3, size, work });
  });

  it("has the reason and the next idea for a goal within its floor", () => {
    const [goal] = asJson(results, [], FULL).goals;
    expect(goal).toMatchObject({ reason: expect.any(String), next: expect.any(String) });
    expect(asPage(results, [], MACHINE)).toMatch(/\* \*\*P1\*\* \(within the floor\): .*\*Next\*: /);
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

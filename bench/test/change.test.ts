import { describe, expect, it } from "vitest";
import { changeOf } from "../measure/change.ts";

describe("the change of a figure between two revisions", () => {
  it.each([
    { name: "all pairs slower", ratios: [1.1, 1.2, 1.15, 1.3, 1.1], verdict: "changed" },
    { name: "all pairs faster", ratios: [0.9, 0.8, 0.85, 0.7, 0.95], verdict: "changed" },
    { name: "pairs on both sides", ratios: [1.1, 0.95, 1.2, 1.1, 1.1], verdict: "no change seen" },
    { name: "equal pairs", ratios: [1, 1, 1, 1, 1], verdict: "no change seen" },
    { name: "four pairs", ratios: [1.1, 1.2, 1.15, 1.3], verdict: "too few rounds" },
    { name: "one disturbed pair of eight", ratios: [0.8, 0.8, 0.9, 0.85, 0.8, 0.9, 0.8, 3], verdict: "changed" },
    { name: "two disturbed pairs of eight", ratios: [0.8, 0.8, 0.9, 0.85, 0.8, 0.9, 2, 3], verdict: "no change seen" },
    { name: "an added cost below zero", ratios: [0.8, -0.3, 0.9, 0.85, 0.8], verdict: "no change seen" },
    { name: "no pair", ratios: [], verdict: "too few rounds" },
  ])("$name: $verdict", ({ ratios, verdict }) => {
    expect(changeOf(ratios).verdict).toBe(verdict);
  });
});

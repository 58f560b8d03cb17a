import { REASONS, type Reason } from "./goals/reasons.ts";
import { TUNING_NOTES } from "./goals/tuning-notes.ts";
import type { GrowthRow } from "./measure/bench.ts";
import { type Bound, distance, type Judged, type Sizes, type Work } from "./measure/goal.ts";
import type { Machine } from "./measure/machine.ts";
import type { Profile } from "./profile.ts";
import { profileSection } from "./profile-report.ts";
import { aligned, grouped, markdown, ratioText } from "./text.ts";

/** One entry per goal: of several parts the one that is farthest from its step, with all of them beside it. */
export function asJson(results: readonly Judged[], growth: readonly GrowthRow[], { short }: Sizes) {
  const entry = (result: Judged) => ({
    id: result.id,
    ...(result.part === undefined ? {} : { part: result.part }),
    goal: result.goal,
    step: result.step,
    floor: result.floor ?? result.step,
    ratio: rounded(result.ratio.median),
    min: rounded(result.ratio.min),
    max: rounded(result.ratio.max),
    rounds: result.ratios.length,
    size: result.size ?? null,
    work: result.work ?? null,
    reached: result.verdict === "reached",
    verdict: result.verdict,
    against: result.against,
    cpuUs: result.cpuUs === undefined ? null : rounded(result.cpuUs),
    memoryBytes: result.memory ?? null,
    note: result.note,
    ...(needsReason(result) ? reasonOf(result) : {}),
  });
  const goals = [...Map.groupBy(results, ({ id }) => id).values()].map((parts) => {
    const worst = parts.toSorted((a, b) => distance(b) - distance(a))[0]!;
    return { ...entry(worst), ...(parts.length === 1 ? {} : { parts: parts.map(entry) }) };
  });
  return { short, goals, growth };
}

export function asTable(results: readonly Judged[], growth: readonly GrowthRow[], { short }: Sizes, machine: Machine): string {
  const lines = [
    ...(short ? ["Short run: small sizes, for a first look. A goal whose bounds are set for a larger size gets no verdict."] : []),
    machineLine(machine),
    "",
    ...aligned([
      ["goal", "", "step", "floor", "median", "min", "max", "rounds", "size", "CPU us/op", "memory", ""],
      ...results.map((result) => [
        result.id,
        result.part ?? "",
        boundText(result.step),
        result.floor === undefined ? "" : boundText(result.floor),
        ratioText(result.ratio.median),
        ratioText(result.ratio.min),
        ratioText(result.ratio.max),
        String(result.ratios.length),
        sizeText(result),
        result.cpuUs === undefined ? "" : result.cpuUs.toFixed(1),
        result.memory === undefined ? "" : `${Math.round(result.memory / 1e6)} MB`,
        result.verdict === "not reached" ? "NOT REACHED" : result.verdict,
      ]),
    ]),
    "",
    ...results.map((result) => {
      const { reason, next } = reasonOf(result);
      const why = needsReason(result) ? ` ${result.verdict.toUpperCase()}: ${reason}. Next: ${next}.` : "";
      return `${nameOf(result)}: ${result.goal}; against ${result.against}. ${result.note}.${workText(result)}${why}`;
    }),
  ];
  if (growth.length > 0) lines.push("", "As the log grows:", "", ...aligned(growthCells(growth)));
  return `${lines.join("\n")}\n`;
}

/** The page of the documentation. */
export function asPage(results: readonly Judged[], growth: readonly GrowthRow[], machine: Machine, profile?: Profile): string {
  const behind = results.filter(needsReason);
  return `${[
    "# Performance",
    "",
    "Written by `pnpm bench --docs`; do not edit. Every figure is a ratio: two sides ran in turns in one run, each in its own process.",
    "Both sides do the whole work: accepted events are counted again in the store, and the other side's log lines in its file. The ledger",
    "is on, every commit is flushed to the disk (`synchronous=FULL`), and the privacy settings are the default ones.",
    "",
    "Each goal has a step, the bound to reach now, and a floor, the bound that no release may miss. *Reached* means that the median is",
    "within the step, *floor* that it is between the two. A goal is *inconclusive* if the added cost of a side is within its own spread.",
    "",
    machineLine(machine),
    "",
    ...markdown([
      ["", "Goal", "Floor", "Against, in the same run", "Measured", "Spread", "Rounds", "Size", "CPU per operation", ""],
      ...results.map((result) => [
        nameOf(result),
        sentence(result.goal),
        result.floor === undefined ? "" : boundText(result.floor),
        result.against,
        `**${ratioText(result.ratio.median)}**`,
        `${ratioText(result.ratio.min)} to ${ratioText(result.ratio.max)}`,
        String(result.ratios.length),
        sizeText(result),
        result.cpuUs === undefined ? "" : `${result.cpuUs.toFixed(1)} us`,
        result.verdict,
      ]),
    ]),
    "",
    "## What was measured",
    "",
    ...results.map((result) => `* **${nameOf(result)}**: ${result.note}.${workText(result)}`),
    "",
    "## Goals that are not reached, and why",
    "",
    ...(behind.length === 0
      ? ["All goals are reached."]
      : behind.map((result) => {
          const { reason, next } = reasonOf(result);
          const missed = result.verdict === "floor" ? " (within the floor)" : "";
          return `* **${nameOf(result)}**${missed}: ${reason}. *Next*: ${next}.`;
        })),
    ...(growth.length === 0 ? [] : ["", "## As the log grows", "", ...markdown(growthCells(growth))]),
    ...(profile === undefined ? [] : ["", profileSection(profile).trimEnd()]),
    "",
    "## Tuning notes",
    "",
    TUNING_NOTES,
  ].join("\n")}\n`;
}

const nameOf = ({ id, part }: Judged) => (part === undefined ? id : `${id} ${part}`);

const needsReason = ({ verdict }: Judged) => verdict === "not reached" || verdict === "floor";

const UNKNOWN: Reason = { reason: "not examined yet", next: "examine it" };

const reasonOf = (result: Judged): Reason => REASONS[nameOf(result)] ?? REASONS[result.id] ?? UNKNOWN;

const machineLine = ({ cores, processor, memoryGiB, system, node, sqlite, sqliteShell, pinned }: Machine) =>
  `Measured on ${cores} cores (${processor}), ${memoryGiB} GiB, ${system}, Node ${node}, SQLite ${sqlite}, sqlite3 shell ${sqliteShell}; ` +
  (pinned ? "servers on one core, load on the other." : "processes could not be bound to cores.");

function growthCells(growth: readonly GrowthRow[]): string[][] {
  if (growth.length === 0) return [];
  const names = [...new Set(growth.flatMap((row) => Object.keys(row)))];
  const cell = (value: number | undefined) =>
    value === undefined ? "" : Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
  return [names, ...growth.map((row) => names.map((name) => cell(row[name])))];
}

const sizeText = ({ size }: Judged) => (size === undefined ? "" : `${grouped(size.amount)} ${size.unit}`);

const workText = ({ work }: Judged) => {
  if (work === undefined) return "";
  return ` Done: ${sideText(work.ours)}${work.theirs === undefined ? "" : `; the other side ${sideText(work.theirs)}`}.`;
};

const sideText = (work: Work) =>
  Object.entries(work)
    .map(([unit, amount]) => `${grouped(amount as number)} ${unit}`)
    .join(", ");

const boundText = (bound: Bound) => ("most" in bound ? `<= ${bound.most}x` : `>= ${bound.least}x`);
const rounded = (n: number) => Math.round(n * 1_000) / 1_000;
const sentence = (text: string) => text[0]!.toUpperCase() + text.slice(1);

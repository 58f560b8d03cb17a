import { REASONS } from "./goals/reasons.ts";
import { TUNING_NOTES } from "./goals/tuning-notes.ts";
import type { GrowthRow } from "./measure/bench.ts";
import { type Bound, distance, type Judged, type Sizes } from "./measure/goal.ts";
import type { Machine } from "./measure/machine.ts";

/** One entry per goal: of several parts the one that is farthest from its bound, with all of them beside it. */
export function asJson(results: readonly Judged[], growth: readonly GrowthRow[], { short }: Sizes) {
  const entry = (result: Judged) => ({
    id: result.id,
    ...(result.part === undefined ? {} : { part: result.part }),
    goal: result.goal,
    bound: result.bound,
    ratio: rounded(result.ratio.median),
    min: rounded(result.ratio.min),
    max: rounded(result.ratio.max),
    met: result.verdict === "met",
    verdict: result.verdict,
    against: result.against,
    cpuUs: result.cpuUs === undefined ? null : rounded(result.cpuUs),
    memoryBytes: result.memory ?? null,
    note: result.note,
    ...(result.verdict === "not met" ? { reason: reasonOf(result) } : {}),
  });
  const goals = [...Map.groupBy(results, ({ id }) => id).values()].map((parts) => {
    const worst = parts.toSorted((a, b) => distance(b) - distance(a))[0]!;
    return { ...entry(worst), ...(parts.length === 1 ? {} : { parts: parts.map(entry) }) };
  });
  return { short, goals, growth };
}

export function asTable(results: readonly Judged[], growth: readonly GrowthRow[], { short }: Sizes, machine: Machine): string {
  const lines = [
    ...(short ? ["Short run: small sizes, for a look only. The goals are set for the full ones."] : []),
    machineLine(machine),
    "",
    ...columns([
      ["goal", "", "bound", "median", "min", "max", "CPU us/op", "memory", ""],
      ...results.map((result) => [
        result.id,
        result.part ?? "",
        boundText(result.bound),
        times(result.ratio.median),
        times(result.ratio.min),
        times(result.ratio.max),
        result.cpuUs === undefined ? "" : result.cpuUs.toFixed(1),
        result.memory === undefined ? "" : `${Math.round(result.memory / 1e6)} MB`,
        result.verdict === "not met" ? "NOT MET" : result.verdict,
      ]),
    ]),
    "",
    ...results.map((result) => {
      const { goal, against, note, verdict } = result;
      return `${nameOf(result)}: ${goal}; against ${against}. ${note}${verdict === "not met" ? `. NOT MET: ${reasonOf(result)}` : ""}`;
    }),
  ];
  if (growth.length > 0) lines.push("", "As the log grows:", "", ...columns(growthCells(growth)));
  return `${lines.join("\n")}\n`;
}

/** The page of the documentation. */
export function asPage(results: readonly Judged[], growth: readonly GrowthRow[], machine: Machine): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = (cells: readonly string[]) => row(cells.map(() => "---"));
  const head = ["", "Goal", "Against, in the same run", "Measured", "Spread", "CPU per operation", ""];
  const growthTable = growthCells(growth);
  return `${[
    "# Performance",
    "",
    "Written by `pnpm bench --docs`; do not edit. Every figure is a ratio of two sides that ran in turns in one run, each in its own process.",
    "Both sides do the whole work: accepted events are counted again in their store. The ledger is on, every commit is flushed to the disk",
    "(`synchronous=FULL`), and the privacy settings are the default ones. A goal is inconclusive if the added cost of a side is within its noise.",
    "",
    machineLine(machine),
    "",
    row(head),
    rule(head),
    ...results.map((result) =>
      row([
        nameOf(result),
        sentence(result.goal),
        result.against,
        `**${times(result.ratio.median)}**`,
        `${times(result.ratio.min)} to ${times(result.ratio.max)}`,
        result.cpuUs === undefined ? "" : `${result.cpuUs.toFixed(1)} us`,
        result.verdict,
      ]),
    ),
    "",
    "## What was measured",
    "",
    ...results.map((result) => `* **${nameOf(result)}**: ${result.note}.`),
    "",
    "## Goals that are not met, and why",
    "",
    ...results.filter(({ verdict }) => verdict === "not met").map((result) => `* **${nameOf(result)}**: ${reasonOf(result)}.`),
    ...(growthTable.length === 0
      ? []
      : ["", "## As the log grows", "", row(growthTable[0]!), rule(growthTable[0]!), ...growthTable.slice(1).map(row)]),
    "",
    "## Tuning notes",
    "",
    TUNING_NOTES,
  ].join("\n")}\n`;
}

const nameOf = ({ id, part }: Judged) => (part === undefined ? id : `${id} ${part}`);

/** Of a goal that is not reached. */
const reasonOf = (result: Judged) => REASONS[nameOf(result)] ?? REASONS[result.id] ?? "not examined yet";

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

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
}

const boundText = (bound: Bound) => ("most" in bound ? `<= ${bound.most}x` : `>= ${bound.least}x`);
const times = (ratio: number) => `${ratio >= 100 ? ratio.toFixed(0) : ratio.toFixed(2)}x`;
const rounded = (n: number) => Math.round(n * 1_000) / 1_000;
const sentence = (text: string) => text[0]!.toUpperCase() + text.slice(1);

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY, FINDINGS, LEDGER_ERRORS } from "../src/index.ts";

const page = readFileSync(new URL("../../../docs/ledger.md", import.meta.url), "utf8");
/** Cells of all table rows below a heading, without the lines under their heads. */
function rowsOf(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^[-| ]+$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
}

describe("docs/ledger.md", () => {
  it("explains exactly the findings, errors and warnings apart", () => {
    const rows = rowsOf("What verify does").map(([first = ""]) => first.replaceAll("`", ""));
    const split = rows.indexOf("Warning");
    const level = (wanted: boolean) =>
      Object.entries(FINDINGS)
        .filter(([, finding]) => (finding.level === "error") === wanted)
        .map(([code]) => code);
    expect(rows.slice(1, split).sort()).toEqual(level(true).sort());
    expect(rows.slice(split + 1).sort()).toEqual(level(false).sort());
  });

  it("explains exactly the error codes", () => {
    const rows = rowsOf("Error codes").map(([first = ""]) => first.replaceAll("`", ""));
    expect(rows.slice(1)).toEqual(Object.keys(LEDGER_ERRORS).sort());
  });

  it("states the default policy", () => {
    const stated = rowsOf("Classes")
      .slice(1)
      .map(([name = "", , actor, others, ground = "", days = ""]) => {
        const [persons, heads] = days.split(", ");
        return [
          name.split(" ")[0],
          {
            persons_days: Number(persons),
            ...(heads === "for ever" ? {} : { heads_days: Number.parseInt(heads!, 10) }),
            actor,
            others,
            ...(ground === "" ? {} : { ground }),
          },
        ];
      });
    expect(Object.fromEntries(stated)).toEqual(DEFAULT_POLICY);
  });
});

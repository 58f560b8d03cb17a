import { safeText } from "./safe-text.ts";

const WIDEST = 60;

/** A table for a terminal: as wide as its cells, with nothing in it that could act there. */
export function textTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const safe = rows.map((row) => row.map((cell) => safeText(cell)));
  const widths = columns.map((title, i) => Math.min(WIDEST, Math.max(title.length, ...safe.map((row) => row[i]?.length ?? 0))));
  const line = (cells: readonly string[]) =>
    `${cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd()}\n`;
  return line(columns) + safe.map(line).join("");
}

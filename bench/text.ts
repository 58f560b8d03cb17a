/** Tables and numbers for a terminal and for a page. */

/** Lines of a table for a terminal: the first column to the left, the others to the right. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd(),
  );
}

/** Lines of a Markdown table; the first row is its head. */
export function markdown(rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(head.map(() => "---")), ...body.map(line)];
}

export const ratioText = (ratio: number): string => `${Math.abs(ratio) >= 100 ? ratio.toFixed(0) : ratio.toFixed(2)}x`;

/** 1234567 as 1,234,567. */
export const grouped = (n: number): string => n.toLocaleString("en-US");

import { stringify } from "csv-stringify/sync";

export type CsvCell = string | number | undefined;

/** Records of a CSV file (RFC 4180), each with CRLF at its end. */
export const csvLines = (records: readonly (readonly CsvCell[])[]): string =>
  stringify(
    records.map((cells) => cells.map((cell) => (cell === undefined ? "" : String(cell)))),
    { record_delimiter: "windows" },
  );

/** Characters a spreadsheet takes for the beginning of a formula, in their wide forms too, after any blanks. */
const FORMULA = /^[\s\u00a0]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r|]/;

/** Puts an apostrophe before what a spreadsheet would run. What is taken along to another service is left as it is instead. */
export const guarded = (cells: readonly CsvCell[]): readonly CsvCell[] =>
  cells.map((cell) => (typeof cell === "string" && FORMULA.test(cell) ? `'${cell}` : cell));

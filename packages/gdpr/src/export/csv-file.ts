import { stringify } from "csv-stringify/sync";
import type { PackagedFile, PackageFile } from "./package-folder.ts";

export type CsvCell = string | number | undefined;

/** Records of a CSV file (RFC 4180), each with CRLF at its end. */
export const csvLines = (records: readonly (readonly CsvCell[])[]): string =>
  stringify(
    records.map((cells) => cells.map((cell) => (cell === undefined ? "" : String(cell)))),
    { record_delimiter: "windows" },
  );

/** Characters at which a formula of a spreadsheet begins, after any blanks, also in their wide forms. */
const FORMULA = /^[\s\u00a0]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r|]/;

/** Puts an apostrophe before a formula of a spreadsheet. Portability exports (Art. 20) are not guarded: another service reads the original values. */
export const guarded = (cells: readonly CsvCell[]): readonly CsvCell[] =>
  cells.map((cell) => (typeof cell === "string" && FORMULA.test(cell) ? `'${cell}` : cell));

const CSV_STEP = 100;

/** A CSV file of a package. Rows become text many at a time, which is faster. */
export class CsvFile {
  readonly #file: PackageFile;
  readonly #guard: boolean;
  #waiting: (readonly CsvCell[])[] = [];
  #rows = 0;

  constructor(file: PackageFile, columns: readonly string[], guard: boolean) {
    this.#file = file;
    this.#guard = guard;
    file.write(csvLines([columns]));
  }

  add(cells: readonly CsvCell[]): void {
    this.#waiting.push(this.#guard ? guarded(cells) : cells);
    this.#rows++;
    if (this.#waiting.length >= CSV_STEP) this.#flush();
  }

  finish(): PackagedFile {
    this.#flush();
    return { ...this.#file.finish(), rows: this.#rows };
  }

  #flush(): void {
    if (this.#waiting.length > 0) this.#file.write(csvLines(this.#waiting));
    this.#waiting = [];
  }
}

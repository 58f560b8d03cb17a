import type { JournalEntry } from "@daybook/core/store";
import { type CsvCell, csvLines } from "./csv-file.ts";
import { JOURNAL_COLUMNS, journalCells } from "./export-pages.ts";

/** Formats of `exportJournal`. */
export const JOURNAL_FORMATS = ["json", "ndjson", "csv"] as const;
/** One of `JOURNAL_FORMATS`. */
export type JournalFormat = (typeof JOURNAL_FORMATS)[number];

const STEP = 500;

/**
 * A journal as text, a piece at a time, so that memory does not grow with its size. The CSV is not changed for spreadsheets (Art. 20).
 * @param entries such as `journal.export(userId, format)`
 */
export async function* exportJournal(entries: AsyncIterable<JournalEntry>, format: JournalFormat): AsyncGenerator<string> {
  if (format === "csv") yield csvLines([[...JOURNAL_COLUMNS]]);
  if (format === "json") yield "[";
  let cells: (readonly CsvCell[])[] = [];
  let text = "";
  let count = 0;
  for await (const { row: _row, ...activity } of entries) {
    if (format === "csv") cells.push(journalCells(activity));
    else text += format === "json" ? `${count === 0 ? "\n" : ",\n"}${JSON.stringify(activity)}` : `${JSON.stringify(activity)}\n`;
    if (++count % STEP === 0) {
      yield cells.length > 0 ? csvLines(cells) : text;
      cells = [];
      text = "";
    }
  }
  if (cells.length > 0) yield csvLines(cells);
  if (text !== "") yield text;
  if (format === "json") yield count === 0 ? "]\n" : "\n]\n";
}

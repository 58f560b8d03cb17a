import type { JournalStore } from "@daybook/core/store";
import { CsvFile } from "./csv-file.ts";
import { JOURNAL_COLUMNS, journalCells, PagedTable } from "./export-pages.ts";
import type { PackagedFile } from "./package-folder.ts";
import type { JsonFiles, PackageWriter } from "./package-writer.ts";

/** The journal of a person, as the package has it. */
export interface ExportedJournal {
  readonly entries: number;
  readonly csvFiles: readonly PackagedFile[];
  /** Makes the pages; a page that is finished earlier would take more memory. */
  finishPages(): readonly PackagedFile[];
}

/** Writes every journal entry of a person into both JSON files, both CSV files and the pages. */
export async function exportJournalPart(
  userId: string,
  store: JournalStore,
  { everything, portable }: JsonFiles,
  { file, written }: PackageWriter,
): Promise<ExportedJournal> {
  const csv = new CsvFile(file("journal.csv"), JOURNAL_COLUMNS, true);
  // Another service must read the original values (Art. 20), so nothing is guarded here.
  const portableCsv = new CsvFile(file("portability.csv"), JOURNAL_COLUMNS, false);
  const pages = new PagedTable(file, "journal", "Your journal", JOURNAL_COLUMNS);
  let entries = 0;
  for await (const { row: _row, ...entry } of store.scanJournal(userId)) {
    const text = `${entries === 0 ? "\n" : ",\n"}${JSON.stringify(entry)}`;
    everything.write(text);
    portable.write(text);
    const cells = journalCells(entry);
    csv.add(cells);
    portableCsv.add(cells);
    pages.add(cells);
    entries++;
    await written();
  }
  return { entries, csvFiles: [csv.finish(), portableCsv.finish()], finishPages: () => pages.finish() };
}

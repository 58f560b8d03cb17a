import { type Command, Option } from "commander";
import type { JournalDeleteOptions, JournalExportOptions } from "../actions/journal.ts";
import type { Done } from "../process/exit-status.ts";
import { personOptions } from "./person-options.ts";

const purposeOption = (command: Command) =>
  command.option("--purpose <purpose>", "the purpose under whose consent the journal is kept", "personal_diary");

export function addJournal(program: Command, done: Done): void {
  const journal = program.command("journal").description("a person's own journal: take it along, or delete it");
  purposeOption(personOptions(journal.command("export")))
    .description("print a person's journal, oldest first")
    .addOption(new Option("--format <format>", "how to print").choices(["json", "ndjson", "csv"]).default("json"))
    .option("--output <file>", "write to a file that only you can read")
    .addHelpText(
      "after",
      "\nExit status: 0 printed, 3 the journal is empty.\nCSV is not changed for spreadsheets: the person takes along what was kept.\nExample: daybook journal export --user sabo --format json > my_journal.json",
    )
    .action(async (options: JournalExportOptions) => done(await (await import("../actions/journal.ts")).exportOf(options)));
  purposeOption(personOptions(journal.command("delete")))
    .description("delete a person's journal, and nothing else of theirs; only says what it would do without --confirm")
    .option("--before <time>", "only entries older than this, ISO 8601")
    .option("--confirm", "do it")
    .addHelpText("after", "\nExit status: 0 deleted, or planned; 3 the journal is empty; 4 deleted, but a reader still holds the bytes.")
    .action(async (options: JournalDeleteOptions) => done(await (await import("../actions/journal.ts")).deleteOf(options)));
}

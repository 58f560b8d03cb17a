import { type Command, Option } from "commander";
import type { JournalDeleteOptions, JournalExportOptions } from "../actions/journal.ts";
import type { Done } from "../process/exit-status.ts";
import { personOptions } from "./person-options.ts";

const purposeOption = (command: Command) => command.option("--purpose <purpose>", "the purpose of the journal", "personal_diary");

export function addJournal(program: Command, done: Done): void {
  const journal = program.command("journal").description("the journal of a person: export it, or delete it");
  purposeOption(personOptions(journal.command("export")))
    .description("print a person's journal, oldest first")
    .addOption(new Option("--format <format>", "how to print").choices(["json", "ndjson", "csv"]).default("json"))
    .option("--output <file>", "write to a file that only you can read")
    .addHelpText(
      "after",
      "\nExit status: 0 printed, 3 the journal is empty.\nCSV is not changed for spreadsheets: the person gets the original values.\nExample: daybook journal export --user sabo --format json > my_journal.json",
    )
    .action(async (options: JournalExportOptions) => done(await (await import("../actions/journal.ts")).exportOf(options)));
  purposeOption(personOptions(journal.command("delete")))
    .description("delete the journal of a person and no other data; without --confirm, only print the plan")
    .option("--before <time>", "only entries older than this, ISO 8601")
    .option("--confirm", "do it")
    .addHelpText("after", "\nExit status: 0 deleted, or planned; 3 the journal is empty; 4 deleted, but a reader still has the bytes.")
    .action(async (options: JournalDeleteOptions) => done(await (await import("../actions/journal.ts")).deleteOf(options)));
}

import type { Outcome, Severity } from "@daybook/core";
import { type Command, Option } from "commander";

// Copies of lists of core: loading core would double the time of `daybook --help`. A test compares them.
export const SEVERITY_CHOICES = ["info", "warning", "error", "critical"] as const satisfies readonly Severity[];
export const OUTCOME_CHOICES = ["success", "failure", "denied", "partial"] as const satisfies readonly Outcome[];

export const databaseOption = (command: Command): Command =>
  command.option("--db <file>", "the database (default: daybook.config, DAYBOOK_DB, data/audit.db)");

export const filterOptions = (command: Command): Command =>
  databaseOption(command)
    .option("--event-type <type...>", "only these types, such as ingestion")
    .option("--action <action...>", "only these actions, such as book.uploaded")
    .option("--user <id>", "only records about this person, in any role")
    .option("--actor <id>", "only records of acts of this person")
    .option("--request <id>", "only this request")
    .option("--tenant <id>", "only this tenant")
    .option("--endpoint <route>", "only this route template, such as /books/:id")
    .addOption(new Option("--severity <severity...>", "only these").choices(SEVERITY_CHOICES))
    .addOption(new Option("--outcome <outcome...>", "only these").choices(OUTCOME_CHOICES));

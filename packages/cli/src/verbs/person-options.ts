import type { Command } from "commander";
import { databaseOption } from "./filter-options.ts";

export const personOptions = (command: Command): Command =>
  databaseOption(command)
    .option("--user <id>", "the person, by the id the application knows them under")
    .option("--user-file <file>", "read the id from a file, or from standard input with -, so that it shows in no history");

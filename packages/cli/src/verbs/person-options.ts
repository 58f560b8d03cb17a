import type { Command } from "commander";
import { databaseOption } from "./filter-options.ts";

export const personOptions = (command: Command): Command =>
  databaseOption(command)
    .option("--user <id>", "id of the person in the application")
    .option("--user-file <file>", "read the id from a file, or from standard input with -, so that no history keeps it");

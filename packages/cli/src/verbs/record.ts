import type { Command } from "commander";
import type { RecordOptions } from "../actions/record.ts";
import type { Done } from "../process/exit-status.ts";
import { databaseOption } from "./filter-options.ts";

export function addRecord(program: Command, done: Done): void {
  databaseOption(program.command("record"))
    .description("record events given as NDJSON on standard input: type, action and the fields of a record, one object per line")
    .addHelpText(
      "after",
      '\nExit status: 0 all stored, 1 none, 2 wrong usage, 4 some; stderr names each refused line.\nExample: echo \'{"type":"custom","action":"note.recorded","data":{"note":"backup done"}}\' | daybook record',
    )
    .action(async (options: RecordOptions) => done(await (await import("../actions/record.ts")).record(options)));
}

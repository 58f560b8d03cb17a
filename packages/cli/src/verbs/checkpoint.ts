import type { Command } from "commander";
import type { CheckpointOptions } from "../actions/checkpoint.ts";
import type { Done } from "../process/exit-status.ts";
import { databaseOption } from "./filter-options.ts";

export function addCheckpoint(program: Command, done: Done): void {
  databaseOption(program.command("checkpoint"))
    .description("check the new entries of the log and sign it")
    .option("--watch [interval]", "sign again every interval (default: 10s); best under another user than the application's")
    .option("--publish", "publish it to all anchors at once (DAYBOOK_ANCHORS)")
    .addHelpText(
      "after",
      "\nThe signed note is printed on standard output.\nExit status: 0 signed, 1 refused because the log was tampered with, 2 wrong usage.\nExample: daybook checkpoint --watch 10s",
    )
    .action(async (options: CheckpointOptions) => done(await (await import("../actions/checkpoint.ts")).checkpoint(options)));
}

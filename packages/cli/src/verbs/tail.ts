import { type Command, Option } from "commander";
import type { TailOptions } from "../actions/tail.ts";
import type { Done } from "../process/exit-status.ts";
import { filterOptions } from "./filter-options.ts";
import { wholeNumber } from "./whole-number.ts";

export function addTail(program: Command, done: Done): void {
  filterOptions(program.command("tail"))
    .description("print the newest records, then new ones as they come; end with Ctrl+C")
    .option("-n, --lines <n>", "how many to begin with, at most 1000", wholeNumber(0), 10)
    .addOption(new Option("--format <format>", "how to print").choices(["table", "ndjson"]).default("table"))
    .addHelpText(
      "after",
      "\nExit status: 0 ended with Ctrl+C, 1 failed, 2 wrong usage.\nExample: daybook tail --event-type access_control --format ndjson",
    )
    .action(async (options: TailOptions) => done(await (await import("../actions/tail.ts")).tail(options)));
}

import { type Command, Option } from "commander";
import type { ReportOptions } from "../actions/report.ts";
import { FORMATS } from "../choices/format-names.ts";
import type { Done } from "../process/exit-status.ts";
import { filterOptions } from "./filter-options.ts";
import { wholeNumber } from "./whole-number.ts";

export function addReport(program: Command, done: Done): void {
  filterOptions(program.command("report"))
    .description("print what the trail holds, newest first")
    .option("--last <duration>", "only the last 30m, 12h, 7d, 2w, 3mo, 1y or P7D")
    .option("--since <time>", "only from this time on, ISO 8601")
    .option("--until <time>", "only before this time, ISO 8601")
    .option("--limit <n>", "at most so many records", wholeNumber(1))
    .option("--oldest-first", "oldest records first")
    .addOption(new Option("--format <format>", "how to print").choices(FORMATS).default("table"))
    .option("--output <file>", "write to a file that only you can read")
    .option("--no-formula-guard", "CSV: write cells unchanged, even if a spreadsheet would run them")
    .addHelpText(
      "after",
      "\nExit status: 0 printed, 1 failed, 2 wrong usage, 3 nothing matched.\nExample: daybook report --event-type ingestion --last 7d --format csv --output week.csv",
    )
    .action(async (options: ReportOptions) => done(await (await import("../actions/report.ts")).report(options)));
}

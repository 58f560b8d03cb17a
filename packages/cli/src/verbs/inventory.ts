import { type Command, Option } from "commander";
import type { InventoryOptions } from "../actions/inventory.ts";
import type { Done } from "../process/exit-status.ts";
import { databaseOption } from "./filter-options.ts";

export function addInventory(program: Command, done: Done): void {
  databaseOption(program.command("inventory"))
    .description("print which events are recorded, why, how long their personal data is kept and what can be erased")
    .addOption(new Option("--format <format>", "how to print").choices(["table", "json", "csv"]).default("table"))
    .option("--output <file>", "write to a file that only you can read")
    .addHelpText(
      "after",
      "\nReads the application's own definitions from `catalogue` in daybook.config.{ts,mjs}, and the days from the trail.\nExit status: 0 printed, 1 failed, 2 wrong usage.\nExample: daybook inventory --format csv --output inventory.csv",
    )
    .action(async (options: InventoryOptions) => done(await (await import("../actions/inventory.ts")).inventory(options)));
}

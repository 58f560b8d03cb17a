import { type Command, Option } from "commander";
import type { RetentionVerbOptions } from "../actions/retention.ts";
import type { Done } from "../process/exit-status.ts";
import { databaseOption } from "./filter-options.ts";

export function addRetention(program: Command, done: Done): void {
  const retention = program.command("retention").description("data past the period of its retention class: print it, or remove it");
  const format = () => new Option("--format <format>", "how to print").choices(["table", "json"]).default("table");
  databaseOption(retention.command("plan", { isDefault: true }))
    .description("print what is due; changes nothing")
    .addOption(format())
    .addHelpText("after", "\nExit status: 0 something is due, 3 nothing is due.\nExample: daybook retention plan")
    .action(async (options: RetentionVerbOptions) => done(await (await import("../actions/retention.ts")).plan(options)));
  databaseOption(retention.command("run"))
    .description("remove data that is due; without --confirm, only print the plan")
    .option("--confirm", "do it")
    .addOption(format())
    .addHelpText(
      "after",
      "\nA running application does this by itself once a day. Entries keep their place and their proofs. The log declares the removed slots.\nExit status: 0 removed and proven, or planned; 1 failed; 3 nothing is due; 4 removed, but a reader still has the bytes.\nExample: daybook retention run --confirm",
    )
    .action(async (options: RetentionVerbOptions) => done(await (await import("../actions/retention.ts")).run(options)));
}

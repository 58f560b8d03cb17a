import { type Command, Option } from "commander";
import type { DoctorOptions } from "../actions/doctor.ts";
import type { Done } from "../process/exit-status.ts";
import { databaseOption } from "./filter-options.ts";

export function addDoctor(program: Command, done: Done): void {
  databaseOption(program.command("doctor"))
    .description("check the set-up: Node, file, schema, keys, free disk space, and routes that could be left out")
    .addOption(new Option("--format <format>", "how to print").choices(["table", "json"]).default("table"))
    .addHelpText(
      "after",
      "\nExit status: 0 nothing wrong (warnings possible), 1 a problem was found, 2 wrong usage.\nExample: daybook doctor --db /var/lib/app/audit.db",
    )
    .action(async (options: DoctorOptions) => done(await (await import("../actions/doctor.ts")).doctor(options)));
}

import type { Command } from "commander";
import type { LedgerExportOptions, RestoreVerbOptions, VacuumOptions } from "../actions/ledger.ts";
import type { Done } from "../process/exit-status.ts";
import { databaseOption } from "./filter-options.ts";

export function addLedger(program: Command, done: Done): void {
  const ledger = program.command("ledger").description("maintain the file of a log: restore, export, vacuum");
  databaseOption(ledger.command("restore"))
    .description("continue a log after a restore from a backup, and repeat the erasures since then")
    .option("--anchor <folder...>", "folders with published checkpoints (default: DAYBOOK_ANCHORS, or the one beside the database)")
    .option("--confirm", "do it; without this, only print the plan")
    .addHelpText(
      "after",
      "\nA restored log gets a new name: a new generation begins, which states the lost entries.\nExit status: 0 planned or done, 1 failed, 2 wrong usage.\nExample: daybook ledger restore --confirm",
    )
    .action(async (options: RestoreVerbOptions) => done(await (await import("../actions/ledger.ts")).restore(options)));
  databaseOption(ledger.command("export"))
    .description("write the tree as C2SP tlog-tiles: all that an auditor needs to check it, without personal data")
    .requiredOption("--tlog <folder>", "folder of the files; made if it is missing")
    .addHelpText("after", "\nExit status: 0 done, 1 failed, 2 wrong usage.\nExample: daybook ledger export --tlog public/")
    .action(async (options: LedgerExportOptions) => done(await (await import("../actions/ledger.ts")).exportTiles(options)));
  databaseOption(ledger.command("vacuum"))
    .description("rewrite the file without free pages, and prove pending removals; stop all writers first")
    .addHelpText("after", "\nExit status: 0 done, 1 failed, 2 wrong usage.\nExample: daybook ledger vacuum")
    .action(async (options: VacuumOptions) => done(await (await import("../actions/ledger.ts")).vacuum(options)));
}

export function addBackup(program: Command, done: Done): void {
  databaseOption(program.command("backup"))
    .argument("<file>", "path of the copy; it must not exist")
    .description("make a consistent copy of the log while the application writes; keys are not copied")
    .addHelpText("after", "\nExit status: 0 done, 1 failed, 2 wrong usage.\nExample: daybook backup /backups/audit-2026-11-24.db")
    .action(async (file: string, options: VacuumOptions) => done(await (await import("../actions/ledger.ts")).backup(file, options)));
}

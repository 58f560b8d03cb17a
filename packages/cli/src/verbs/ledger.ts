import type { Command } from "commander";
import type { LedgerExportOptions, RestoreVerbOptions, VacuumOptions } from "../actions/ledger.ts";
import type { Done } from "../process/exit-status.ts";
import { databaseOption } from "./filter-options.ts";

export function addLedger(program: Command, done: Done): void {
  const ledger = program.command("ledger").description("look after the file of a log: restore, export, vacuum");
  databaseOption(ledger.command("restore"))
    .description("let a log go on that was put back from a backup, and erase again what was erased since")
    .option("--anchor <folder...>", "folders that hold what was published (default: DAYBOOK_ANCHORS, or the one beside the database)")
    .option("--confirm", "do it; without this it is only said what would happen")
    .addHelpText(
      "after",
      "\nA restored log never continues its old name: a new generation begins that says what is lost.\nExit status: 0 planned or done, 1 failed, 2 wrong usage.\nExample: daybook ledger restore --confirm",
    )
    .action(async (options: RestoreVerbOptions) => done(await (await import("../actions/ledger.ts")).restore(options)));
  databaseOption(ledger.command("export"))
    .description("write the tree as C2SP tlog-tiles: everything an auditor needs to check it, and no person")
    .requiredOption("--tlog <folder>", "where the files go; made when it is missing")
    .addHelpText("after", "\nExit status: 0 done, 1 failed, 2 wrong usage.\nExample: daybook ledger export --tlog public/")
    .action(async (options: LedgerExportOptions) => done(await (await import("../actions/ledger.ts")).exportTiles(options)));
  databaseOption(ledger.command("vacuum"))
    .description("rewrite the file without free pages, and prove what is pending; stop all writers first")
    .addHelpText("after", "\nExit status: 0 done, 1 failed, 2 wrong usage.\nExample: daybook ledger vacuum")
    .action(async (options: VacuumOptions) => done(await (await import("../actions/ledger.ts")).vacuum(options)));
}

export function addBackup(program: Command, done: Done): void {
  databaseOption(program.command("backup"))
    .argument("<file>", "where the copy goes; it must not exist")
    .description("copy the log, consistent while the application goes on writing; keys are not copied")
    .addHelpText("after", "\nExit status: 0 done, 1 failed, 2 wrong usage.\nExample: daybook backup /backups/audit-2026-11-24.db")
    .action(async (file: string, options: VacuumOptions) => done(await (await import("../actions/ledger.ts")).backup(file, options)));
}

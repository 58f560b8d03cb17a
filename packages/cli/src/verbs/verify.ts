import { type Command, Option } from "commander";
import type { VerifyVerbOptions } from "../actions/verify.ts";
import type { Done } from "../process/exit-status.ts";
import { databaseOption } from "./filter-options.ts";
import { wholeNumber } from "./whole-number.ts";

export function addVerify(program: Command, done: Done): void {
  databaseOption(program.command("verify"))
    .description("check that nothing was altered, removed, inserted or reordered")
    .option("--vkey <key...>", "public keys of the log to trust, instead of the one in the keys file or in the log itself")
    .option("--policy <file>", "keys of the log and of its witnesses, a C2SP tlog-policy file")
    .option("--witnessed <file...>", "signed checkpoints that another party has kept")
    .option("--since <size>", "only what came after the stored checkpoint of this size", wholeNumber(1))
    .option("--require-witness", "fail if no independent checkpoint covers the log")
    .option("--strict", "fail for warnings too")
    .addOption(new Option("--format <format>", "how to print").choices(["table", "json"]).default("table"))
    .addHelpText(
      "after",
      "\nExit status: 0 intact (warnings possible), 1 evidence of tampering, 2 could not run.\nExample: daybook verify --db copy-of-audit.db --vkey example.com/audit/1+8fba11aa+AZzI… --witnessed auditor.note",
    )
    .action(async (options: VerifyVerbOptions) => done(await (await import("../actions/verify.ts")).verify(options)));
}

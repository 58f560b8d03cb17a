import { type Command, InvalidArgumentError, Option } from "commander";
import type { ProveOptions, VerifyProofOptions } from "../actions/prove.ts";
import type { Done } from "../process/exit-status.ts";
import { databaseOption } from "./filter-options.ts";
import { wholeNumber } from "./whole-number.ts";

export function addProve(program: Command, done: Done): void {
  databaseOption(program.command("prove"))
    .description("write a proof of one record, which any reader can check without the database")
    .requiredOption("--seq <n>", "number of the record, the column id of a report", wholeNumber(0))
    .option("--parts <list>", "parts to lay open, such as 0,1; 0 is the head, which holds nothing personal", partList, [0])
    .option("--output <file>", "write to a file that only you can read")
    .addHelpText(
      "after",
      "\nEvery holder of the proof can show its open parts for ever: give it only to recipients who may see them.\nExit status: 0 written, 1 failed, 2 wrong usage.\nExample: daybook prove --seq 1044 --parts 0 --output e1044.tlog-proof",
    )
    .action(async (options: ProveOptions) => done(await (await import("../actions/prove.ts")).prove(options)));
}

export function addVerifyProof(program: Command, done: Done): void {
  program
    .command("verify-proof")
    .argument("[file]", "the proof (default: standard input)")
    .description("check a proof of one record, without any database")
    .option("--vkey <key...>", "public keys of the log to trust")
    .option("--policy <file>", "keys of the log and of its witnesses, a C2SP tlog-policy file")
    .addOption(new Option("--format <format>", "how to print").choices(["table", "json"]).default("table"))
    .addHelpText(
      "after",
      "\nExit status: 0 proven, 1 refused, 2 wrong usage.\nExample: daybook verify-proof e1044.tlog-proof --policy policy.txt",
    )
    .action(async (file: string | undefined, options: VerifyProofOptions) =>
      done(await (await import("../actions/prove.ts")).checkProof(file, options)),
    );
}

function partList(text: string): number[] {
  const parts = text.split(",").map(Number);
  if (!/^\d{1,3}(,\d{1,3})*$/.test(text) || new Set(parts).size < parts.length) {
    throw new InvalidArgumentError("It is a list of part numbers such as 0,1.");
  }
  return parts;
}

import { type Command, Option } from "commander";
import type { ConsentChangeOptions, ConsentListOptions } from "../actions/consent.ts";
import type { Done } from "../process/exit-status.ts";
import { databaseOption } from "./filter-options.ts";
import { personOptions } from "./person-options.ts";

const METHODS = ["cli", "paper", "api"] as const;

export function addConsent(program: Command, done: Done): void {
  const consent = program.command("consent").description("consents of persons, and entry of decisions made on paper or by phone");
  databaseOption(consent.command("list"))
    .description("print agreements and refusals, of one person or of all")
    .option("--user <id>", "only of this person")
    .option("--user-file <file>", "read the id from a file, or from standard input with -")
    .option("--purpose <purpose>", "only for this purpose")
    .option("--state <state>", "only in this state, such as given or withdrawn")
    .option("--receipts", "JSON: with the receipt of each (ISO/IEC TS 27560)")
    .addOption(new Option("--format <format>", "how to print").choices(["table", "json", "csv"]).default("table"))
    .option("--output <file>", "write to a file that only you can read")
    .addHelpText("after", "\nExit status: 0 printed, 3 there is no agreement or refusal.")
    .action(async (options: ConsentListOptions) => done(await (await import("../actions/consent.ts")).list(options)));
  personOptions(consent.command("grant"))
    .description("enter an agreement that a person gave outside the application")
    .requiredOption("--purpose <purpose>", "the purpose; enter each purpose by itself")
    .requiredOption("--act <what>", 'what the person did, such as "signed the form of 24 November"')
    .addOption(new Option("--method <method>", "how it reached you").choices(METHODS).default("paper"))
    .option("--language <tag>", "language of the notice the person was shown", "en")
    .action(async (options: ConsentChangeOptions) => done(await (await import("../actions/consent.ts")).grant(options)));
  personOptions(consent.command("revoke"))
    .description("withdraw a consent for a person, and delete the journal of the purpose; needs no configured purpose")
    .requiredOption("--purpose <purpose>", "the purpose")
    .option("--act <what>", "what the person did; no reason is needed")
    .addOption(new Option("--method <method>", "how it reached you").choices(METHODS).default("cli"))
    .addHelpText("after", "\nExit status: 0 withdrawn, 3 there was no consent.")
    .action(async (options: ConsentChangeOptions) => done(await (await import("../actions/consent.ts")).revoke(options)));
}

import { type Command, Option } from "commander";
import type { GdprEraseOptions } from "../actions/gdpr-erase.ts";
import type { GdprExportOptions } from "../actions/gdpr-export.ts";
import type { GdprHoldOptions, GdprHoldPlaceOptions } from "../actions/gdpr-hold.ts";
import type { GdprReplayOptions } from "../actions/gdpr-replay.ts";
import type { GdprRequestAddOptions, GdprRequestStepOptions, GdprRequestsOptions } from "../actions/gdpr-requests.ts";
import type { GdprStatusOptions } from "../actions/gdpr-status.ts";
import { BASIS_CHOICES, CHANNEL_CHOICES, KIND_CHOICES, METHOD_CHOICES, OUTCOME_CHOICES, STATE_CHOICES } from "../choices/gdpr-choices.ts";
import type { Done } from "../process/exit-status.ts";
import { databaseOption } from "./filter-options.ts";
import { personOptions } from "./person-options.ts";
import { wholeNumber } from "./whole-number.ts";

/** @param nameOnly leaves out its verbs, which only its own help shows */
export function addGdpr(program: Command, done: Done, nameOnly: boolean): void {
  const gdpr = program.command("gdpr").description("the rights of a person: a copy of the data, its erasure, and the register of requests");
  if (nameOnly) return;
  const requestOption = (command: Command) =>
    command.option("--request <id>", "the request of the register; it has to be verified and of this person");

  requestOption(personOptions(gdpr.command("export")))
    .description("write all data of a person into a folder: JSON, CSV, pages to read, hashes (Art. 15 and 20)")
    .requiredOption("--output <folder>", "a folder that does not exist yet; only you can read it and its files")
    .option("--encrypt-to <key...>", "public keys of age (age1...): only their owners can read the files, which then end in .age")
    .addHelpText(
      "after",
      "\nExit status: 0 written, 1 failed, 2 wrong usage, 3 the trail holds nothing about this person.\nExample: daybook gdpr export --user sabo --output sabo-2026-11",
    )
    .action(async (options: GdprExportOptions) => done(await (await import("../actions/gdpr-export.ts")).gdprExport(options)));

  requestOption(personOptions(gdpr.command("erase")))
    .description("erase a person (Art. 17); without --confirm, only print the plan")
    .addOption(new Option("--basis <basis...>", "why").choices(BASIS_CHOICES).default(["request"]))
    .addOption(
      new Option("--scope <scope>", "`full` also blanks the heads of events without another person")
        .choices(["persons", "full"])
        .default("persons"),
    )
    .option("--queue", "erase with the next run: several people in one run are harder to tell apart afterwards")
    .option("--backup-days <n>", "how many days backups live; during this time late events of the person are refused", wholeNumber(0), 35)
    .option("--confirm", "do it")
    .option("--receipt <file>", "write the signed receipt to a file that only you can read")
    .addOption(new Option("--format <format>", "how to print").choices(["table", "json"]).default("table"))
    .addHelpText(
      "after",
      "\nExit status: 0 erased and proven, or planned; 1 failed; 3 the trail holds nothing about this person; 4 erased, but a reader still has the bytes.\nExample: daybook gdpr erase --user sabo --confirm",
    )
    .action(async (options: GdprEraseOptions) => done(await (await import("../actions/gdpr-erase.ts")).gdprErase(options)));

  personOptions(gdpr.command("status"))
    .description("erasures and their receipts; with a person, whether they were erased")
    .option("--retry", "try again to remove bytes of pending erasures")
    .option("--scan", "also look for removed bytes in the files")
    .option("--receipt <id>", "print one receipt")
    .addOption(new Option("--format <format>", "how to print").choices(["table", "json"]).default("table"))
    .addHelpText("after", "\nExit status: 0 everything is proven, 3 nothing was found, 4 an erasure is pending.")
    .action(async (options: GdprStatusOptions) => done(await (await import("../actions/gdpr-status.ts")).gdprStatus(options)));

  addRequests(gdpr, done);
  addHold(gdpr, done);

  databaseOption(gdpr.command("replay"))
    .description("after a restore from a backup: repeat the erasures since then, and continue the log under its next name")
    .option("--confirm", "do it")
    .addHelpText("after", "\nExit status: 0 done, or planned; 1 failed; 3 there is nothing to replay.")
    .action(async (options: GdprReplayOptions) => done(await (await import("../actions/gdpr-replay.ts")).gdprReplay(options)));
}

function addRequests(gdpr: Command, done: Done): void {
  const requests = gdpr.command("requests").description("the register of requests, with their due dates (Art. 12)");
  const step = (name: string, description: string, action: keyof typeof import("../actions/gdpr-requests.ts")) => {
    const command = databaseOption(requests.command(`${name} <request>`)).description(description);
    command.action(async (request: string, options: GdprRequestStepOptions) => {
      const steps = await import("../actions/gdpr-requests.ts");
      done(await (steps[action] as (request: string, options: GdprRequestStepOptions) => Promise<0>)(request, options));
    });
    return command;
  };
  databaseOption(requests.command("list", { isDefault: true }))
    .description("open requests, the most urgent first")
    .option("--all", "also closed ones")
    .addOption(new Option("--format <format>", "how to print").choices(["table", "json"]).default("table"))
    .addHelpText("after", "\nExit status: 0 printed, 3 there are none.")
    .action(async (options: GdprRequestsOptions) => done(await (await import("../actions/gdpr-requests.ts")).list(options)));
  personOptions(requests.command("add"))
    .description("register a request")
    .addOption(new Option("--kind <kind...>", "kind of request").choices(KIND_CHOICES).makeOptionMandatory())
    .addOption(new Option("--channel <channel>", "how it came in").choices(CHANNEL_CHOICES).makeOptionMandatory())
    .option("--received <time>", "time at which it came in, ISO 8601 (default: now)")
    .option("--jurisdiction <country>", "ISO 3166-1 alpha-2")
    .option("--language <tag>", "BCP 47")
    .action(async (options: GdprRequestAddOptions) => done(await (await import("../actions/gdpr-requests.ts")).add(options)));
  step("show", "one request with all its records", "show").addOption(
    new Option("--format <format>", "how to print").choices(["table", "json"]).default("json"),
  );
  step("verify", "record how the requester was checked; no copy of a document is kept", "verify")
    .addOption(new Option("--method <method>", "how").choices(METHOD_CHOICES).makeOptionMandatory())
    .option("--failed", "the person could not be confirmed")
    .option("--evidence-sha256 <digest>", "SHA-256 of the document that was shown");
  step("pause", "stop the clock, usually to check the requester (Art. 12(6))", "pause").requiredOption(
    "--ground <ground>",
    "on which ground",
  );
  step("resume", "let the clock run again", "resume");
  step("extend", "one or two more months; the person must get the reason within the first (Art. 12(3))", "extend")
    .requiredOption("--reason <reason>", "why")
    .option("--months <n>", "1 or 2", wholeNumber(1), 2)
    .option("--told <time>", "time at which the person got it, ISO 8601 (default: now)");
  step("move", "move to another state", "move").addOption(
    new Option("--state <state>", "which").choices(STATE_CHOICES).makeOptionMandatory(),
  );
  step("decide", "decide about one kind of data (Art. 12(4))", "decide")
    .requiredOption("--category <category>", "the retention class, or journal")
    .addOption(new Option("--outcome <outcome>", "what").choices(["act", "limit", "refuse"]).makeOptionMandatory())
    .option("--ground <ground>", "article and sentence; needed for limit and refuse")
    .option("--explanation <text>", "in words");
  step("deliver", "record that the response was handed over", "deliver")
    .requiredOption("--via <channel>", "the authenticated channel")
    .option("--manifest-sha256 <digest>", "SHA-256 of the manifest of the package")
    .option("--expires <time>", "time until which a link is valid, ISO 8601");
  step("close", "finish a request", "close")
    .addOption(new Option("--outcome <outcome>", "how").choices(OUTCOME_CHOICES).makeOptionMandatory())
    .option("--ground <ground>", "article and sentence; needed for a refusal");
}

function addHold(gdpr: Command, done: Done): void {
  const hold = gdpr.command("hold").description("legal holds: data in their scope is neither erased nor expired (Art. 17(3)(e))");
  databaseOption(hold.command("list", { isDefault: true }))
    .description("print all holds")
    .addOption(new Option("--format <format>", "how to print").choices(["table", "json"]).default("table"))
    .action(async (options: GdprHoldOptions) => done(await (await import("../actions/gdpr-hold.ts")).list(options)));
  personOptions(hold.command("place"))
    .description("place a hold")
    .option("--category <n>", "only this retention class, by number", wholeNumber(1))
    .option("--from <seq>", "only from this entry on", wholeNumber(0))
    .option("--to <seq>", "only up to this entry", wholeNumber(0))
    .requiredOption("--case <reference>", "reference of the case")
    .requiredOption("--ground <ground>", "article and sentence, or law")
    .requiredOption("--review <date>", "date of the next review, YYYY-MM-DD")
    .action(async (options: GdprHoldPlaceOptions) => done(await (await import("../actions/gdpr-hold.ts")).place(options)));
  databaseOption(hold.command("release <hold>"))
    .description("release a hold, and carry out the erasures that it stopped")
    .action(async (id: string, options: GdprHoldOptions) => done(await (await import("../actions/gdpr-hold.ts")).release(id, options)));
}

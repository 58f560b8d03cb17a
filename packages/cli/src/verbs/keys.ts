import { type Command, Option } from "commander";
import type { DestroySubOptions, KeysOptions, KeysSplitOptions, RotateOptions } from "../actions/keys.ts";
import type { ResolveOptions } from "../actions/resolve.ts";
import type { Done } from "../process/exit-status.ts";
import { databaseOption } from "./filter-options.ts";

export function addKeys(program: Command, done: Done): void {
  const keys = program.command("keys").description("look at, divide and renew the keys of a log");
  databaseOption(keys.command("show"))
    .description("print which keys exist, their place and the public key; secrets are never printed")
    .addHelpText("after", "\nExit status: 0 done, 1 failed, 2 wrong usage.\nExample: daybook keys show")
    .action(async (options: KeysOptions) => done(await (await import("../actions/keys.ts")).show(options)));
  databaseOption(keys.command("split"))
    .description("write the keys one role needs and no others")
    .addOption(new Option("--for <role>", "who gets them").choices(["app", "checkpointer", "auditor"]).makeOptionMandatory())
    .requiredOption("--output <file>", "the new file, which must not exist")
    .addHelpText("after", "\nExit status: 0 done, 1 failed, 2 wrong usage.\nExample: daybook keys split --for app --output app.keys")
    .action(async (options: KeysSplitOptions) => done(await (await import("../actions/keys.ts")).split(options)));
  databaseOption(keys.command("rotate"))
    .description("replace the keys that seal and sign; both sign for 30 days; stop the application before and start it afterwards")
    .option("--confirm", "do it; without this it is only said what would happen")
    .addHelpText("after", "\nExit status: 0 done, 1 failed, 2 wrong usage.\nExample: daybook keys rotate --confirm")
    .action(async (options: RotateOptions) => done(await (await import("../actions/keys.ts")).rotate(options)));
  databaseOption(keys.command("rotate-sub"))
    .description("begin a new epoch of pseudonyms, yearly for example; restart the application afterwards")
    .addHelpText("after", "\nExit status: 0 done, 1 failed, 2 wrong usage.\nExample: daybook keys rotate-sub")
    .action(async (options: KeysOptions) => done(await (await import("../actions/keys.ts")).rotateSub(options)));
  databaseOption(keys.command("destroy-sub"))
    .argument("<kid>", "the epoch, see `daybook keys show`")
    .description("destroy a pseudonym key: its pseudonyms can never be linked to ids again")
    .option("--confirm", "do it; without this it is only said what would happen")
    .addHelpText("after", "\nExit status: 0 done, 1 failed, 2 wrong usage.\nExample: daybook keys destroy-sub 1 --confirm")
    .action(async (kid: string, options: DestroySubOptions) => done(await (await import("../actions/keys.ts")).destroySub(kid, options)));
}

export function addResolve(program: Command, done: Done): void {
  databaseOption(program.command("resolve"))
    .description("which of these ids occur in a log that shows pseudonyms only")
    .requiredOption("--candidates <file>", "ids to try, one per line; - for standard input")
    .addHelpText(
      "after",
      "\nThere is no way back from a pseudonym; ids can only be tried, with the keys.\nExit status: 0 some occur, 2 wrong usage, 3 none does.\nExample: daybook resolve --candidates staff.txt",
    )
    .action(async (options: ResolveOptions) => done(await (await import("../actions/resolve.ts")).resolve(options)));
}

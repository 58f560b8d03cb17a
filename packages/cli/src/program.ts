import { readFileSync } from "node:fs";
import { isDaybookError } from "@daybook/core";
import { Command, CommanderError } from "commander";
import { EXIT, type ExitStatus } from "./exit-status.ts";
import { safeText } from "./output/safe-text.ts";
import { UsageError } from "./usage-error.ts";
import { addDoctor } from "./verbs/doctor.ts";
import { addInventory } from "./verbs/inventory.ts";
import { addRecord } from "./verbs/record.ts";
import { addReport } from "./verbs/report.ts";
import { addTail } from "./verbs/tail.ts";

/** Runs the command line and answers with its exit status. */
export async function run(argv: readonly string[]): Promise<ExitStatus> {
  let status: ExitStatus = EXIT.ok;
  const done = (result: ExitStatus) => {
    status = result;
  };
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  const program = new Command("daybook")
    .description("The command line of the Daybook audit trail. Data goes to stdout, everything else to stderr.")
    .version(version)
    .showHelpAfterError("(daybook --help lists the verbs)")
    .exitOverride();
  for (const add of [addReport, addTail, addRecord, addDoctor, addInventory]) add(program, done);
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync(argv);
    return status;
  } catch (cause) {
    if (cause instanceof CommanderError) return cause.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (cause instanceof UsageError) {
      process.stderr.write(`daybook: ${cause.message}\n`);
      return EXIT.usage;
    }
    const bad = isDaybookError(cause) && ["BAD_DURATION", "BAD_FILTER", "CONFIG_INVALID"].includes(cause.code);
    process.stderr.write(`daybook: ${safeText(cause instanceof Error ? cause.message : String(cause))}\n`);
    return bad ? EXIT.usage : EXIT.failure;
  }
}

import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { safeText } from "./output/safe-text.ts";
import { type Done, EXIT, type ExitStatus } from "./process/exit-status.ts";
import { UsageError } from "./process/usage-error.ts";
import { addCheckpoint } from "./verbs/checkpoint.ts";
import { addConsent } from "./verbs/consent.ts";
import { addDoctor } from "./verbs/doctor.ts";
import { addExamples } from "./verbs/examples.ts";
import { addGdpr } from "./verbs/gdpr.ts";
import { addInventory } from "./verbs/inventory.ts";
import { addJournal } from "./verbs/journal.ts";
import { addKeys, addResolve } from "./verbs/keys.ts";
import { addBackup, addLedger } from "./verbs/ledger.ts";
import { addMonitoring } from "./verbs/monitoring.ts";
import { addProve, addVerifyProof } from "./verbs/prove.ts";
import { addRecord } from "./verbs/record.ts";
import { addReport } from "./verbs/report.ts";
import { addRetention } from "./verbs/retention.ts";
import { addTail } from "./verbs/tail.ts";
import { refuseUnknownVerbs } from "./verbs/unknown-verb.ts";
import { addVerify } from "./verbs/verify.ts";
import { addKeygen, addWitness } from "./verbs/witness.ts";

// A file in verbs/ says what the command line offers and is loaded by every `--help`, so it imports nothing but types and
// commander. What a verb does, and the options it is given, stand in actions/, which is loaded when it runs.
const VERBS = [
  addReport,
  addTail,
  addRecord,
  addDoctor,
  addInventory,
  addVerify,
  addProve,
  addVerifyProof,
  addCheckpoint,
  addWitness,
  addKeygen,
  addKeys,
  addResolve,
  addBackup,
  addLedger,
  addJournal,
  addConsent,
  addGdpr,
  addRetention,
  addMonitoring,
];

/** Codes of errors that say the command was given wrongly. */
const USAGE_CODES: readonly string[] = ["BAD_DURATION", "BAD_FILTER", "BAD_OPTION", "CONFIG_INVALID"];

/** Words after which nothing but the list of verbs, or the version, is wanted. */
const OVERVIEW: readonly (string | undefined)[] = [undefined, "--help", "-h", "--version", "-V"];

/**
 * The command line with all its verbs.
 * @param overview enough for its own help
 */
export function createProgram(done: Done, overview = false): Command {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  const program = new Command("daybook")
    .description("The command line of the Daybook audit trail. Data goes to stdout, everything else to stderr.")
    .version(version)
    .showHelpAfterError("(daybook --help lists the verbs)")
    .addHelpText("afterAll", "\nExit status: 0 done, 1 a finding or a failure, 2 wrong usage, 3 nothing found, 4 done in part.")
    .exitOverride();
  for (const add of VERBS) add(program, done, overview);
  addExamples(program);
  refuseUnknownVerbs(program);
  for (const verb of program.commands) verb.showHelpAfterError(`(daybook ${verb.name()} --help shows what it takes)`);
  return program;
}

/** Runs the command line. @returns its exit status */
export async function run(argv: readonly string[]): Promise<ExitStatus> {
  let status: ExitStatus = EXIT.ok;
  const program = createProgram(
    (result) => {
      status = result;
    },
    argv.length <= 3 && OVERVIEW.includes(argv[2]),
  );
  try {
    await program.parseAsync(argv);
    return status;
  } catch (cause) {
    // Help that is printed because a verb is missing is wrong usage too.
    if (cause instanceof CommanderError) return cause.exitCode === 0 ? EXIT.ok : EXIT.usage;
    process.stderr.write(`daybook: ${safeText(cause instanceof Error ? cause.message : String(cause))}\n`);
    if (cause instanceof UsageError) return EXIT.usage;
    const { isDaybookError } = await import("@daybook/core");
    return isDaybookError(cause) && USAGE_CODES.includes(cause.code) ? EXIT.usage : EXIT.failure;
  }
}

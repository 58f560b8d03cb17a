import type { Command } from "commander";
import type { KeygenOptions } from "../actions/keys.ts";
import type { WitnessAddLogOptions, WitnessServeOptions } from "../actions/witness.ts";
import type { Done } from "../process/exit-status.ts";
import { wholeNumber } from "./whole-number.ts";

export function addWitness(program: Command, done: Done): void {
  const witness = program.command("witness").description("vouch for other logs: a witness cosigns only what continues what it has seen");
  witness
    .command("add-log")
    .argument("<vkey>", "public key of the log")
    .description("cosign this log from now on")
    .requiredOption("--state <file>", "what the witness has seen; made when it is missing")
    .option("--origin <name>", "origin of its checkpoints, if it is not the name of the key")
    .addHelpText(
      "after",
      "\nExit status: 0 done, 1 failed, 2 wrong usage.\nExample: daybook witness add-log --state witness.json example.com/audit/1+8fba11aa+AZzI…",
    )
    .action(async (vkey: string, options: WitnessAddLogOptions) =>
      done(await (await import("../actions/witness.ts")).addLog(vkey, options)),
    );
  witness
    .command("serve")
    .description("serve logs over HTTP (C2SP tlog-witness) until Ctrl+C")
    .requiredOption("--state <file>", "what the witness has seen")
    .requiredOption("--key <file>", "its private key, made by `daybook keygen --witness`")
    .option("--host <address>", "address to listen on; for access from outside, put a TLS web server before it", "127.0.0.1")
    .option("--port <n>", "0 takes a free one", wholeNumber(0), 8443)
    .addHelpText(
      "after",
      "\nExit status: 0 done, 1 failed, 2 wrong usage.\nExample: daybook witness serve --state witness.json --key witness.key --port 8443",
    )
    .action(async (options: WitnessServeOptions) => done(await (await import("../actions/witness.ts")).serve(options)));
}

export function addKeygen(program: Command, done: Done): void {
  program
    .command("keygen")
    .argument("<name>", "name of the log or the witness, such as example.com/audit")
    .description("make the keys of a new log, or with --witness those of a witness, and print the public one")
    .option("--witness", "a key that cosigns, for `daybook witness serve`")
    .requiredOption("--output <file>", "new file for the secret keys, which only you can read")
    .addHelpText("after", "\nExit status: 0 done, 1 failed, 2 wrong usage.\nExample: daybook keygen example.com/audit --output audit.keys")
    .action(async (name: string, options: KeygenOptions) => done(await (await import("../actions/keys.ts")).keygen(name, options)));
}

import { createPrivateKey } from "node:crypto";
import { formatVkey, KEY_TYPE, makeVkey, type WitnessSigner } from "@daybook/ledger";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { watchInterruption } from "../process/interruption.ts";
import { UsageError } from "../process/usage-error.ts";
import { textOf } from "../trail/trust.ts";
import { startWitnessServer } from "../witness/witness-server.ts";
import { WitnessStateFile } from "../witness/witness-state.ts";
import { WITNESS_KEY_FORMAT } from "./keys.ts";

export interface WitnessAddLogOptions {
  readonly state: string;
  readonly origin?: string;
}

export interface WitnessServeOptions {
  readonly state: string;
  readonly key: string;
  readonly host: string;
  readonly port: number;
}

export async function addLog(vkey: string, { state: path, origin }: WitnessAddLogOptions): Promise<ExitStatus> {
  const state = WitnessStateFile.open(path, { create: true });
  try {
    state.addLog(vkey, origin);
  } finally {
    state.close();
  }
  return EXIT.ok;
}

export async function serve({ state: path, key, host, port }: WitnessServeOptions): Promise<ExitStatus> {
  const signer = readSigner(key);
  const state = WitnessStateFile.open(path);
  const interruption = watchInterruption();
  try {
    const server = await startWitnessServer({
      state,
      signer,
      host,
      port,
      onAnswer: ({ status, origin, size, error }) => {
        const what = origin === undefined ? "" : ` ${origin} at ${size}`;
        process.stderr.write(`${new Date().toISOString()} ${status}${what}${error === undefined ? "" : ` ${String(error)}`}\n`);
      },
    });
    process.stdout.write(`${server.url}#${formatVkey(makeVkey(signer.name, signer.key, KEY_TYPE.cosignature))}\n`);
    await new Promise<void>((resolve) => interruption.signal.addEventListener("abort", () => resolve(), { once: true }));
    await server.close();
  } finally {
    state.close();
    interruption.settle();
  }
  return EXIT.ok;
}

function readSigner(path: string): WitnessSigner {
  const text = textOf("--key", path);
  try {
    const { format, name, key } = JSON.parse(text) as { format?: string; name?: string; key?: string };
    if (format !== WITNESS_KEY_FORMAT || typeof name !== "string" || typeof key !== "string")
      throw new Error(`it is not of format ${WITNESS_KEY_FORMAT}`);
    return { name, key: createPrivateKey({ key: Buffer.from(key, "base64"), format: "der", type: "pkcs8" }) };
  } catch (cause) {
    throw new UsageError(`--key ${path}: ${(cause as Error).message}`);
  }
}

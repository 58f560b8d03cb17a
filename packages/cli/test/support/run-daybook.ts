import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../bin/daybook.js", import.meta.url));
if (!existsSync(new URL("../../dist/daybook.js", import.meta.url)))
  throw new Error("The command line is not built: run `npx -y pnpm@12 build` first.");

export interface Answer {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: standard input is empty. */
  readonly input?: string;
}

/** Starts the built command line as a shell would, with nothing of Daybook's in the environment. */
export function startDaybook(args: readonly string[], { cwd, env = {} }: RunOptions = {}): ChildProcessWithoutNullStreams {
  const { DAYBOOK_DB, DAYBOOK_KEYS, DAYBOOK_KEYS_FILE, NODE_OPTIONS, FORCE_COLOR, ...rest } = process.env;
  return spawn(process.execPath, [PROGRAM, ...args], { cwd, env: { ...rest, ...env }, stdio: "pipe" });
}

/** Runs the command line to its end. */
export async function daybook(args: readonly string[], options: RunOptions = {}): Promise<Answer> {
  const child = startDaybook(args, options);
  child.stdin.end(options.input ?? "");
  return answerOf(child);
}

export async function answerOf(child: ChildProcessWithoutNullStreams): Promise<Answer> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, name) => resolve([code, name]));
  });
  return { status, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

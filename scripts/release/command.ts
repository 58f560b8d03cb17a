/** Running programs for the rehearsal: quiet when they work, whole when they do not. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Statuses that are as they should be. Default `[0]`. */
  readonly expected?: readonly number[];
}

/**
 * Runs a program to its end.
 * @returns its standard output
 * @throws {Error} with all its output if it fails
 */
export function command(program: string, args: readonly string[], { cwd, env, expected = [0] }: CommandOptions): string {
  const { status, signal, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    env: { ...outside(), ...env },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  if (status === null || !expected.includes(status)) {
    throw new Error(`${program} ${args.join(" ")} ended with ${status ?? signal} in ${cwd}\n${stdout}\n${stderr}`);
  }
  return stdout;
}

export interface Served {
  /** What it printed so far. */
  readonly output: () => string;
  /** Ends it as an operator would. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a server and waits until it responds at a URL.
 * @throws {Error} with its output if it ends before that
 */
export async function serve(program: string, args: readonly string[], url: string, { cwd, env }: CommandOptions): Promise<Served> {
  const child = spawn(program, args, { cwd, env: { ...outside(), ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`${program} ${args.join(" ")} ended with ${child.exitCode}\n${output}`);
    if (await responds(url)) return { output: () => output, stop };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stop();
  throw new Error(`${program} ${args.join(" ")} did not respond at ${url}\n${output}`);
}

/** The environment without the settings of the package manager that started this process. */
const outside = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^p?npm_/i.test(name)));

async function responds(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).text();
    return true;
  } catch (cause) {
    // Not listening yet. Any other error is no reason to wait.
    if ((cause as { cause?: { code?: string } }).cause?.code === "ECONNREFUSED") return false;
    throw cause;
  }
}

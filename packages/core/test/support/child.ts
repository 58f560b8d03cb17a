import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { bundleCore } from "./bundle.ts";

const core = bundleCore("esm");

export interface Child {
  readonly process: ChildProcess;
  /** Settles with what it wrote to standard output, once that holds the text. */
  said(text: string): Promise<string>;
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly output: string;
    readonly errors: string;
  }>;
}

/**
 * Runs a program in a process of its own. `core` is imported into it; `say(text)` writes a line that the test sees at once.
 */
export function runChild(folder: string, program: string, env: Record<string, string> = {}): Child {
  const path = join(folder, `program-${Math.random().toString(36).slice(2)}.mts`);
  writeFileSync(
    path,
    `import * as core from ${JSON.stringify(core)};
     import { writeSync } from "node:fs";
     const say = (text: string) => void writeSync(1, text + "\\n");
     const folder = ${JSON.stringify(folder)};
     ${program}`,
  );
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", path], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    env: { PATH: process.env.PATH ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  const listeners = new Set<() => void>();
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk;
    for (const listener of listeners) listener();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk;
  });
  const ended = new Promise<Awaited<Child["ended"]>>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal, output, errors }));
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return {
    process: child,
    ended,
    said: (text) =>
      Promise.race([
        new Promise<string>((resolve) => {
          const look = () => {
            if (output.includes(text)) resolve(output);
          };
          listeners.add(look);
          look();
        }),
        ended.then(({ errors: why }) => {
          if (output.includes(text)) return output;
          throw new Error(`ended without saying ${text}: ${output}${why}`);
        }),
      ]),
  };
}

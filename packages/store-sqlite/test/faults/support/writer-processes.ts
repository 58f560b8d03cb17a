import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export interface WriterAnswer {
  readonly problems: readonly string[];
  readonly delayP99Ms: number;
}

/** Runs the same program several times in parallel, each with its own name. They begin when all are ready. */
export async function runWriters(program: string, count: number, args: readonly string[]): Promise<WriterAnswer[]> {
  const writers = Array.from({ length: count }, (_, i) => {
    const child = spawn(process.execPath, [fileURLToPath(program), ...args, `w${i}`], { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    let output = "";
    const ready = new Promise<void>((resolve) => {
      child.stdout.on("data", (chunk: Buffer) => {
        output += chunk;
        if (output.startsWith("ready\n")) resolve();
      });
    });
    const ended = new Promise<WriterAnswer>((resolve, reject) => {
      child.once("close", (code) => {
        if (code === 0) resolve(JSON.parse(output.slice("ready\n".length)) as WriterAnswer);
        else reject(new Error(`writer ${i} ended with ${code}`));
      });
    });
    return { child, ready, ended };
  });
  await Promise.all(writers.map(({ ready }) => ready));
  for (const { child } of writers) child.stdin.write("go\n");
  return Promise.all(writers.map(({ ended }) => ended));
}

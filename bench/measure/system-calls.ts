import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Calls by name. */
export type SystemCalls = ReadonlyMap<string, number>;

/** Why system calls cannot be counted; undefined if they can. */
export function whyNoSystemCalls(): string | undefined {
  return spawnSync("strace", ["--version"]).status === 0 ? undefined : "the strace command is not installed";
}

/** System calls of all threads of a process while `action` runs. `strace` slows the process. @throws if it cannot attach */
export async function systemCallsDuring(pid: number, action: () => Promise<unknown>): Promise<SystemCalls> {
  const folder = mkdtempSync(join(tmpdir(), "daybook-strace-"));
  const file = join(folder, "summary");
  try {
    const tracer = spawn("strace", ["-f", "-c", "-o", file, "-p", String(pid)], { stdio: ["ignore", "ignore", "pipe"] });
    const ended = once(tracer, "exit");
    let said = "";
    const attached = new Promise<void>((resolve, reject) => {
      tracer.stderr.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.includes("attached")) resolve();
      });
      tracer.once("exit", () => reject(new Error(`strace: ${said.trim()}`)));
    });
    await attached;
    await action();
    tracer.kill("SIGINT");
    await ended;
    return parseSummary(readFileSync(file, "utf8"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reads the table of `strace -c`: share, seconds, microseconds per call, calls, errors if there are any, name. */
export function parseSummary(text: string): SystemCalls {
  const calls = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, count, name] = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$/.exec(line) ?? [];
    if (name !== undefined && name !== "total") calls.set(name, Number(count));
  }
  return calls;
}

import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, onTestFinished } from "vitest";

/** Debian packages of the programs that tests run. */
const PACKAGE: Record<string, string> = {
  prometheus: "prometheus",
  promtool: "prometheus",
  "prometheus-alertmanager": "prometheus-alertmanager",
  alertmanager: "prometheus-alertmanager",
  amtool: "prometheus-alertmanager",
  "docker-compose": "docker-compose",
};

/** Why tests that run these programs are skipped, or false when all are there. */
export function missingProgram(...names: string[]): false | string {
  for (const name of names) {
    if (pathOf(name) !== undefined) continue;
    const reason = `skipped: ${name} is not installed (apt-get install ${PACKAGE[name] ?? name})`;
    console.warn(reason);
    return reason;
  }
  return false;
}

export function pathOf(name: string): string | undefined {
  // Debian names it prometheus-alertmanager; elsewhere it is alertmanager.
  for (const each of name === "alertmanager" ? ["prometheus-alertmanager", "alertmanager"] : [name]) {
    try {
      return execFileSync("which", [each], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {
      // The next name.
    }
  }
  return undefined;
}

const execFileAsync = promisify(execFile);

/** Runs a program to its end. */
export async function run(name: string, args: readonly string[], { cwd, input }: { cwd?: string; input?: string } = {}) {
  const promise = execFileAsync(pathOf(name)!, args, { cwd, encoding: "utf8", maxBuffer: 32 * 1024 * 1024 });
  promise.child.stdin?.end(input ?? "");
  try {
    const { stdout, stderr } = await promise;
    return { status: 0, stdout, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, stdout, output: `${stdout}${stderr}` };
  }
}

/** A folder that is gone after the test file. */
export function folderForFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "daybook-metrics-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder that is gone after the test. */
export function folderForTest(): string {
  const folder = mkdtempSync(join(tmpdir(), "daybook-metrics-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface Running {
  readonly url: string;
  readonly log: () => string;
  stop(): Promise<void>;
}

/** Starts a program that listens on loopback, and waits until it responds. */
export async function start(name: string, args: readonly string[], url: string, readyPath: string, cwd: string): Promise<Running> {
  const child: ChildProcess = spawn(pathOf(name)!, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream!.on("data", (chunk) => (output += chunk));
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await exited;
  };
  try {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended with status ${child.exitCode}:\n${output}`);
      return await fetch(url + readyPath).then(
        (response) => response.ok,
        () => false,
      );
    }, `${name} answers`);
  } catch (error) {
    await stop();
    throw new Error(`${(error as Error).message}\n${output}`);
  }
  return { url, log: () => output, stop };
}

/** Waits for a condition, asking every 50 ms. */
export async function until<T>(
  condition: () => Promise<T | false | undefined> | T | false | undefined,
  what: string,
  ms = 30_000,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (performance.now() > end) throw new Error(`in ${ms / 1_000} s it did not come true that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { Agent, request } from "node:http";
import { fileURLToPath } from "node:url";
import type { AuditLogStats } from "@daybook/core";
import { onTestFinished } from "vitest";

export type Framework = "express" | "fastify";

export interface HttpProcess {
  readonly child: ChildProcess;
  /** Resolves with the status after the whole response; undefined if the connection broke before. */
  ask(method: "GET" | "POST", path: string): Promise<{ readonly status: number | undefined; readonly body: string; readonly ms: number }>;
  state(): Promise<{ readonly stats: AuditLogStats; readonly memory: NodeJS.MemoryUsage; readonly effects: readonly string[] }>;
  kill(): Promise<void>;
}

/** Starts the application; resolves when it listens. */
export async function startHttp(program: string, framework: Framework, place: string, settings: object = {}): Promise<HttpProcess> {
  const child = spawn(process.execPath, [fileURLToPath(program), framework, place, JSON.stringify(settings)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk;
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const port = await Promise.race([
    new Promise<number>((resolve) => child.stdout.once("data", (chunk: Buffer) => resolve(Number(chunk)))),
    ended.then(() => {
      throw new Error(`the application ended before it listened: ${errors}`);
    }),
  ]);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  onTestFinished(() => agent.destroy());

  const ask: HttpProcess["ask"] = (method, path) =>
    new Promise((resolve) => {
      const begun = performance.now();
      let body = "";
      const end = (status: number | undefined) => resolve({ status, body, ms: performance.now() - begun });
      const outgoing = request({ host: "127.0.0.1", port, method, path, agent }, (answer) => {
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => {
          body += chunk;
        });
        answer.on("end", () => end(answer.statusCode));
        answer.on("error", () => end(undefined));
      });
      outgoing.on("error", () => end(undefined));
      outgoing.end();
    });

  return {
    child,
    ask,
    state: async () => JSON.parse((await ask("GET", "/state")).body),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

import { type ChildProcess, spawn } from "node:child_process";
import type { AuditLogStats } from "@daybook/core";
import { onTestFinished } from "vitest";
import { FAULT_WORKER } from "./fault-worker.ts";

/** One line of what the process says; each has some of these. */
export interface Said {
  readonly up?: true;
  readonly loading?: true;
  readonly resting?: true;
  readonly stored?: string;
  readonly failed?: string;
  readonly code?: string;
  readonly waited?: number;
  readonly recorded?: string;
  readonly given?: number;
  readonly stats?: AuditLogStats;
  readonly closed?: number;
  readonly refused?: string;
  readonly message?: string;
  readonly problem?: string;
  readonly hint?: string;
}

export interface FaultyProcess {
  readonly child: ChildProcess;
  /** Everything it has said so far. */
  readonly said: readonly Said[];
  tell(job: string, options?: object): void;
  /** The first line, from now on unless `ever`, for which it holds. */
  hears(holds: (said: Said) => boolean, options?: { readonly ever?: boolean }): Promise<Said>;
  stats(): Promise<AuditLogStats>;
  close(): Promise<Said>;
  kill(): Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly errors: string }>;
}

export interface FaultyProcessOptions {
  /** ES module that exports `openTrail`, as a file URL. */
  readonly module: string;
  /** Folder of the trail. */
  readonly place: string;
  /** Options of the audit log that can be written as JSON. */
  readonly settings?: object;
  readonly execArgv?: readonly string[];
  /** User and group the process runs as; only root can ask for others. */
  readonly uid?: number;
}

const HEAR_WITHIN_MS = 60_000;

/** Starts a process that has the trail open when this settles, or has refused to open it. */
export async function startProcess({ module, place, settings = {}, execArgv = [], uid }: FaultyProcessOptions): Promise<FaultyProcess> {
  const child = spawn(
    process.execPath,
    [...execArgv, "--input-type=module", "-e", FAULT_WORKER, JSON.stringify({ module, place, settings })],
    {
      stdio: ["pipe", "pipe", "pipe"],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    },
  );
  const said: Said[] = [];
  const listeners = new Set<(line: Said) => void>();
  let unfinished = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => {
    const lines = (unfinished + chunk).split("\n");
    unfinished = lines.pop() ?? "";
    for (const line of lines) {
      const message = JSON.parse(line) as Said;
      said.push(message);
      for (const listener of listeners) listener(message);
    }
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk;
  });
  // A process that was just killed does not read any more.
  child.stdin.on("error", () => undefined);
  const ended = new Promise<Awaited<FaultyProcess["ended"]>>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal, errors }));
  });
  onTestFinished(() => void child.kill("SIGKILL"));

  const subject: FaultyProcess = {
    child,
    said,
    ended,
    tell: (job, options = {}) => void child.stdin.write(`${JSON.stringify({ job, ...options })}\n`),
    hears(holds, { ever = false } = {}) {
      const known = ever ? said.find(holds) : undefined;
      if (known !== undefined) return Promise.resolve(known);
      return new Promise((resolve, reject) => {
        const finish = (action: () => void) => {
          clearTimeout(timer);
          listeners.delete(listener);
          action();
        };
        const listener = (line: Said) => {
          if (holds(line)) finish(() => resolve(line));
        };
        const fail = (why: string) =>
          finish(() => reject(new Error(`${why}; the last it said: ${JSON.stringify(said.slice(-5))}; ${errors}`)));
        const timer = setTimeout(() => fail(`waited ${HEAR_WITHIN_MS} ms for ${holds}`), HEAR_WITHIN_MS);
        listeners.add(listener);
        void ended.then(({ code, signal }) => fail(`the process ended (${code ?? signal}) before ${holds}`));
      });
    },
    async stats() {
      const heard = subject.hears((line) => line.stats !== undefined);
      subject.tell("stats");
      return (await heard).stats!;
    },
    close() {
      const heard = subject.hears((line) => line.closed !== undefined);
      subject.tell("close");
      return heard;
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
  await subject.hears((line) => line.up === true || line.refused !== undefined, { ever: true });
  return subject;
}

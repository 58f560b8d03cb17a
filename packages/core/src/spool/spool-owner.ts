import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { defined } from "../defined.ts";

/** The process that writes a spool file, so that others can find out whether it still runs. */
export interface SpoolOwner {
  readonly run: string;
  readonly pid: number;
  readonly host: string;
  /** Identifies this start of the machine, the process and its process namespace; Linux only. */
  readonly boot?: string;
  readonly started?: string;
  readonly namespace?: string;
}

/** A live owner touches its file this often, in milliseconds. If nothing else is known, a silence of `SILENT_MS` means that it is gone. */
export const HEARTBEAT_MS = 10_000;
const SILENT_MS = 60_000;

// Audit logs that are open in this process, in all copies of this package.
const KEY = Symbol.for("daybook.open-runs.v1");
const shared = globalThis as { [KEY]?: Set<string> };
shared[KEY] ??= new Set();
const openRuns: Set<string> = shared[KEY];

export function enterRun(run: string): SpoolOwner {
  openRuns.add(run);
  const boot = read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const namespace = read(() => readlinkSync("/proc/self/ns/pid"));
  const started = startOf(process.pid);
  return {
    run,
    pid: process.pid,
    host: hostname(),
    ...defined({ boot, started, namespace }),
  };
}

export function leaveRun(run: string): void {
  openRuns.delete(run);
}

/** Returns false only if the owner is known to be gone, or has been silent for a minute. */
export function ownerLives(owner: SpoolOwner, touchedMs: number, now: number): boolean {
  const silent = now - touchedMs > SILENT_MS;
  const here = read(() => readlinkSync("/proc/self/ns/pid"));
  // The process id of another machine or container means nothing here.
  if (owner.host !== hostname() || owner.namespace !== here) return !silent;
  const boot = read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  if (owner.boot !== boot) return false;
  if (owner.pid === process.pid) return openRuns.has(owner.run);
  try {
    process.kill(owner.pid, 0);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const started = startOf(owner.pid);
  if (started !== undefined && owner.started !== undefined) return started === owner.started;
  return !silent;
}

/** Start of a process in clock ticks since the machine started: field 22 of proc_pid_stat(5), counted after the name in brackets. */
function startOf(pid: number): string | undefined {
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

/** Returns undefined if the operating system does not offer the source. */
function read(source: () => string): string | undefined {
  try {
    return source();
  } catch {
    return undefined;
  }
}

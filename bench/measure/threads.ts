import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { canPin } from "./cores.ts";

/** What a thread of a server is for. `pool`: libuv's threads for files. `v8`: compilers, garbage collection, signals and timers. */
export type ThreadGroup = "request" | "writer" | "pool" | "v8";

/** Since the thread began. */
export interface ThreadUse {
  readonly group: ThreadGroup;
  readonly cpuUs: number;
  /** Times the thread gave up its core, because it had nothing to do or waited for a lock or a disk. */
  readonly voluntary: number;
  /** Times the kernel took the core away. */
  readonly involuntary: number;
}

export type ThreadUses = ReadonlyMap<number, ThreadUse>;

/** Worker threads of Node have the name that their maker gave them, `daybook writer`; without one they are `WorkerThread`. */
function groupOf(name: string, isFirst: boolean): ThreadGroup {
  if (isFirst) return "request";
  if (name.startsWith("libuv")) return "pool";
  return /^daybook|^Worker/.test(name) ? "writer" : "v8";
}

/** Threads of a process, by id. Needs Linux. */
export function threadsOf(pid: number): ThreadUses {
  const threads = new Map<number, ThreadUse>();
  for (const entry of readdirSync(`/proc/${pid}/task`)) {
    const file = (name: string) => readFileSync(`/proc/${pid}/task/${entry}/${name}`, "utf8");
    try {
      const tid = Number(entry);
      const status = file("status");
      threads.set(tid, {
        group: groupOf(file("comm").trim(), tid === pid),
        cpuUs: Number(file("schedstat").split(" ", 1)[0]) / 1_000,
        voluntary: Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]),
        involuntary: Number(/^nonvoluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]),
      });
    } catch (cause) {
      // The thread has ended since the folder was read.
      if (!["ENOENT", "ESRCH"].includes((cause as NodeJS.ErrnoException).code ?? "")) throw cause;
    }
  }
  return threads;
}

export interface GroupUse {
  readonly cpuUs: Readonly<Record<ThreadGroup, number>>;
  readonly voluntary: number;
  readonly involuntary: number;
}

/** The use between two looks; a thread that has ended in between is not counted. */
export function usedBetween(before: ThreadUses, after: ThreadUses): GroupUse {
  const cpuUs: Record<ThreadGroup, number> = { request: 0, writer: 0, pool: 0, v8: 0 };
  let voluntary = 0;
  let involuntary = 0;
  for (const [tid, use] of after) {
    const from = before.get(tid);
    cpuUs[use.group] += use.cpuUs - (from?.cpuUs ?? 0);
    voluntary += use.voluntary - (from?.voluntary ?? 0);
    involuntary += use.involuntary - (from?.involuntary ?? 0);
  }
  return { cpuUs, voluntary, involuntary };
}

/** Binds the threads that write, and those of the pool, to a core. @throws if `taskset` fails */
export function bindWriters(pid: number, core: number): void {
  if (!canPin()) return;
  for (const [tid, { group }] of threadsOf(pid)) {
    if (group !== "writer" && group !== "pool") continue;
    const { status, stderr } = spawnSync("taskset", ["-pc", String(core), String(tid)], { encoding: "utf8" });
    if (status !== 0) throw new Error(`taskset ended with ${status}: ${stderr}`);
  }
}

import { spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, statSync } from "node:fs";

export interface CommandRun {
  readonly wallMs: number;
  /** Undefined where /proc does not tell. */
  readonly cpuUs: number | undefined;
  /** Most resident bytes seen; undefined where /proc does not tell. */
  readonly peakRss: number | undefined;
  readonly outputBytes: number;
}

const LOOK_EVERY_MS = 20;
const TICKS_PER_SECOND = 100;

/** Runs a command with its output in a file. @throws where it fails */
export function runInto(file: string, command: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<CommandRun> {
  const output = openSync(file, "w");
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const childrenBefore = childCpuUs();
    const child = spawn(command[0]!, command.slice(1), { stdio: ["ignore", output, "inherit"], env: { ...process.env, ...environment } });
    let peakRss: number | undefined;
    const timer = setInterval(() => {
      peakRss = Math.max(peakRss ?? 0, residentPeak(child.pid!) ?? 0) || undefined;
    }, LOOK_EVERY_MS);
    child.once("error", reject);
    child.once("exit", (code) => {
      clearInterval(timer);
      closeSync(output);
      if (code !== 0) {
        reject(new Error(`${command.join(" ")} ended with ${code}`));
        return;
      }
      const childrenAfter = childCpuUs();
      resolve({
        wallMs: performance.now() - begun,
        cpuUs: childrenBefore === undefined || childrenAfter === undefined ? undefined : childrenAfter - childrenBefore,
        peakRss,
        outputBytes: statSync(file).size,
      });
    });
  });
}

/** User and system time of a command in milliseconds, as bash tells it; its output is thrown away. @throws where it fails */
export function cpuMsOf(command: readonly string[]): number {
  const script = 'TIMEFORMAT="%3U %3S"; time "$@" > /dev/null';
  const { status, stderr } = spawnSync("bash", ["-c", script, "bash", ...command], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}: ${stderr}`);
  const [user, system] = stderr.trim().split(" ").map(Number);
  return (user! + system!) * 1_000;
}

/** VmHWM of Linux: the most a process has had resident. */
function residentPeak(pid: number): number | undefined {
  const kib = /^VmHWM:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/status`) ?? "")?.[1];
  return kib === undefined ? undefined : Number(kib) * 1_024;
}

/** User and system time of all children that have ended. */
function childCpuUs(): number | undefined {
  const fields = textOf("/proc/self/stat")?.split(") ").at(-1)?.split(" ");
  return fields === undefined ? undefined : ((Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND) * 1e6;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not Linux, or the process has just ended.
    return undefined;
  }
}

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { pinned } from "./cores.ts";

/** What a call of one side cost its process, all threads together. */
export interface Measured<T> {
  readonly value: T;
  readonly wallMs: number;
  /** User and system time of the whole process. */
  readonly cpuUs: number;
  /** The same of the thread the call ran on: the request thread. */
  readonly mainThreadCpuUs: number;
  /** Resident bytes after the call. */
  readonly rss: number;
  /** Most resident bytes since the process began. */
  readonly peakRss: number;
}

export interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
}

export type Reply = Measured<unknown> | { readonly failure: string };

/** One side of a comparison, in a process of its own, so that its time and its memory are its own. */
export interface Side {
  readonly pid: number;
  call<T = void>(name: string, ...args: readonly unknown[]): Promise<Measured<T>>;
  end(): Promise<void>;
}

export interface SideOptions {
  /** Core the process is bound to. Default: any. */
  readonly core?: number;
  /** Another checkout of this repository: the side loads its packages from there. Default: this one. */
  readonly checkout?: string | undefined;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Starts `bench/sides/<module>.ts`. Calls run one at a time.
 * @param module name of the file, without its ending
 */
export async function startSide(module: string, { core, checkout, environment = {} }: SideOptions = {}): Promise<Side> {
  const entry = fileURLToPath(new URL("./side-process.ts", import.meta.url));
  const [command, ...before] = pinned(core, process.execPath);
  const child = fork(entry, [new URL(`../sides/${module}.ts`, import.meta.url).href, ...(checkout === undefined ? [] : [checkout])], {
    execPath: command!,
    execArgv: before,
    env: { ...process.env, NODE_ENV: "production", ...environment },
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  let settled: ((reply: Reply) => void) | undefined;
  const ended = once(child, "exit");
  const ready = new Promise<void>((resolve, reject) => {
    child.on("message", (message: Reply | { ready: true }) => {
      if ("ready" in message) resolve();
      else settled?.(message);
    });
    child.once("exit", (code) => {
      const failure = `${module} ended with ${code}`;
      reject(new Error(failure));
      settled?.({ failure });
    });
  });
  await ready;
  return {
    pid: child.pid!,
    call<T>(name: string, ...args: readonly unknown[]) {
      return new Promise<Measured<T>>((resolve, reject) => {
        settled = (reply) =>
          "failure" in reply ? reject(new Error(`${module}.${name}: ${reply.failure}`)) : resolve(reply as Measured<T>);
        child.send({ name, args } satisfies Call);
      });
    },
    async end() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

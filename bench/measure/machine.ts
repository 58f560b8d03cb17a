import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, release, type as system, totalmem } from "node:os";
import Database from "better-sqlite3";
import { canPin } from "./cores.ts";

/** What a run was made on, in one sentence each. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly sqlite: string;
  readonly sqliteShell: string;
  /** Servers and load had a core each. */
  readonly pinned: boolean;
}

export function machine(): Machine {
  const db = new Database(":memory:");
  const sqlite = db.prepare<[], string>("SELECT sqlite_version()").pluck().get()!;
  db.close();
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${system()} ${release()}`,
    node: process.version,
    sqlite,
    sqliteShell: sqliteShellVersion() ?? "none",
    pinned: canPin(),
  };
}

/** Version of the `sqlite3` command; undefined where it is not installed. */
export function sqliteShellVersion(): string | undefined {
  try {
    return execFileSync("sqlite3", ["--version"], { encoding: "utf8" }).split(" ", 1)[0];
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
}

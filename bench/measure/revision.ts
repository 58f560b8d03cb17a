import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Another revision of this repository, installed and built in a folder of its own. */
export interface Revision {
  readonly folder: string;
  /** Of the commit, abbreviated. */
  readonly id: string;
  /** Removes the folder. */
  remove(): void;
}

/** Checks `revision` out into `folder`, a new git worktree, and builds it. @throws if git, the installation or the build fails */
export function checkOut(revision: string, folder: string): Revision {
  const id = git("rev-parse", "--short", `${revision}^{commit}`).trim();
  git("worktree", "add", "--detach", folder, id);
  const remove = () => void git("worktree", "remove", "--force", folder);
  try {
    const pnpm = existsSync(process.env.npm_execpath ?? "") ? process.env.npm_execpath! : "pnpm";
    const [command, ...before] = /\.[cm]?js$/.test(pnpm) ? [process.execPath, pnpm] : [pnpm];
    run(command!, [...before, "install", "--frozen-lockfile", "--prefer-offline"], folder);
    run(command!, [...before, "run", "build"], folder);
  } catch (cause) {
    remove();
    throw cause;
  }
  return { folder, id, remove };
}

/** The abbreviated commit of the working tree, with a plus sign if files have changed since. */
export function workingTree(): string {
  const changed = git("status", "--porcelain", "--untracked-files=no") !== "";
  return `${git("rev-parse", "--short", "HEAD").trim()}${changed ? "+" : ""}`;
}

const git = (...args: string[]): string => run("git", args, ROOT);

function run(command: string, args: readonly string[], folder: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: "utf8", maxBuffer: 64e6 });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}${stdout}`);
  return stdout;
}

/** Runs the tools of the workspace and passes their output on. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Exit status of a command of the workspace, run in its root. */
export function run(command, args, options = {}) {
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1", ...options.env };
  const { status, signal, error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: options.stdio ?? "inherit",
    env,
    shell: process.platform === "win32",
  });
  if (error) throw error;
  return status ?? (signal ? 1 : 0);
}

/** Builds packages with all they depend on; prints only when something fails. */
export function build(...filters) {
  const status = run(
    "turbo",
    ["run", "build", "--output-logs=errors-only", "--log-order=grouped", ...filters.flatMap((name) => ["--filter", name])],
    {
      stdio: ["ignore", 2, 2],
    },
  );
  if (status !== 0) process.exit(status);
}

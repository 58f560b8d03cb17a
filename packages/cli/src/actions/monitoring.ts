import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { monitoringStack } from "@daybook/metrics/stack";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";

export interface MonitoringInitOptions {
  readonly dir: string;
  readonly force?: boolean;
  readonly job?: string;
  readonly target?: string;
  readonly searchRoute?: string;
  readonly grafanaUrl?: string;
  readonly runbooksUrl?: string;
}

/** Writes the stack; one line per file on stdout. */
export async function init({ dir, force = false, ...options }: MonitoringInitOptions): Promise<ExitStatus> {
  const files = monitoringStack(options);
  let kept = 0;
  for (const [name, text] of files) {
    const result = write(join(dir, name), text, force);
    if (result === "kept") kept++;
    process.stdout.write(`${result.padEnd(11)} ${join(dir, name)}\n`);
  }
  process.stdout.write(`${writePassword(join(dir, ".env")).padEnd(11)} ${join(dir, ".env")}\n`);
  if (kept > 0) {
    process.stderr.write(`daybook: ${kept} files differ from what this version writes and were kept; --force overwrites them\n`);
    return EXIT.partial;
  }
  process.stderr.write(
    `daybook: next, put your receivers into ${join(dir, "secrets")} and run: docker compose --project-directory ${dir} up -d\n`,
  );
  return EXIT.ok;
}

function write(path: string, text: string, force: boolean): "created" | "unchanged" | "overwritten" | "kept" {
  const before = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  if (before === text) return "unchanged";
  if (before !== undefined && !force) return "kept";
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return before === undefined ? "created" : "overwritten";
}

/** Grafana starts with a random password, which a second run keeps. */
function writePassword(path: string): "created" | "unchanged" {
  if (existsSync(path)) return "unchanged";
  writeFileSync(path, `GRAFANA_ADMIN_PASSWORD=${randomBytes(18).toString("base64url")}\n`, { mode: 0o600 });
  return "created";
}

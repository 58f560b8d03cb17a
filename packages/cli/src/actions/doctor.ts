import { existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { DAY_MS } from "@daybook/core/store";
import { openSqliteReader, SCHEMA_VERSION, type SqliteHealth, type SqliteReader } from "@daybook/store-sqlite";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { databasePath, readConfiguration } from "../trail/configuration.ts";

export interface DoctorOptions {
  readonly db?: string;
  readonly format: "table" | "json";
}

interface Finding {
  readonly level: "ok" | "warning" | "problem";
  readonly text: string;
}

const MIB = 1024 * 1024;
const LARGE_WAL = 256 * MIB;
const NOISE_ROUTE =
  /(?:^|\/)(?:health|healthz|live|livez|ready|readyz|ping|status|metrics|favicon\.ico|assets|static|public)(?:$|\/|\.)|\.(?:css|js|png|svg|ico|woff2?)$/i;
const NOISE_SHARE = 0.05;

export async function doctor({ db, format }: DoctorOptions): Promise<ExitStatus> {
  const findings = await examine(databasePath(db, await readConfiguration()));
  process.stdout.write(format === "json" ? `${JSON.stringify(findings, null, 2)}\n` : findings.map(line).join(""));
  return findings.some((finding) => finding.level === "problem") ? EXIT.failure : EXIT.ok;
}

const line = ({ level, text }: Finding) => `${{ ok: "✔", warning: "!", problem: "✘" }[level]} ${text}\n`;

async function examine(path: string): Promise<Finding[]> {
  const findings: Finding[] = [{ level: "ok", text: `Node ${process.versions.node}` }];
  if (!existsSync(path)) {
    findings.push({ level: "problem", text: `there is no audit trail at ${path}; it is made when an application first opens it` });
    return findings;
  }
  let trail: SqliteReader;
  try {
    trail = await openSqliteReader({ path });
  } catch (cause) {
    findings.push({ level: "problem", text: cause instanceof Error ? cause.message : String(cause) });
    return findings;
  }
  try {
    const health = trail.health();
    findings.push(...fileFindings(health), ...keyFindings(health), ...roomFindings(health), ...(await noiseFindings(trail)));
  } finally {
    await trail.close();
  }
  return findings;
}

function fileFindings(health: SqliteHealth): Finding[] {
  const findings: Finding[] = [
    { level: "ok", text: `${health.path}: ${health.entries} entries of ${health.origin}, ${mib(health.bytes)}` },
  ];
  if (health.schema > SCHEMA_VERSION)
    findings.push({
      level: "warning",
      text: `the file has schema ${health.schema}, newer than ${SCHEMA_VERSION} of this command; update it`,
    });
  for (const difference of health.schemaDifferences) findings.push({ level: "problem", text: `schema: ${difference}` });
  for (const damage of health.damage) findings.push({ level: "problem", text: `SQLite reports damage: ${damage}` });
  if (health.damage.length + health.schemaDifferences.length === 0) findings.push({ level: "ok", text: "schema and pages are correct" });
  if (health.walBytes > LARGE_WAL)
    findings.push({
      level: "warning",
      text: `the write-ahead log has ${mib(health.walBytes)}; a reader may have been open for a long time`,
    });
  return findings;
}

function keyFindings({ keysProblem, keysBesideData }: SqliteHealth): Finding[] {
  if (keysProblem !== undefined) return [{ level: "problem", text: `keys: ${keysProblem}` }];
  if (!keysBesideData) return [{ level: "ok", text: "the keys are kept apart from the data" }];
  return [
    {
      level: "warning",
      text: "the keys are beside the data: an attacker who reads both can rewrite the log unnoticed; move them with DAYBOOK_KEYS_FILE",
    },
  ];
}

/** The time that the disk lasts at the pace of the trail so far. */
function roomFindings({ path, bytes, oldest, newest }: SqliteHealth): Finding[] {
  const { bavail, bsize } = statfsSync(dirname(path));
  const free = bavail * bsize;
  const days = oldest === undefined || newest === undefined ? 0 : (Date.parse(newest) - Date.parse(oldest)) / DAY_MS;
  if (days < 1) return [{ level: "ok", text: `${mib(free)} free on the disk; the time left is known after a day of traffic` }];
  const daysLeft = Math.floor(free / (bytes / days));
  return [
    {
      level: daysLeft < 30 ? "warning" : "ok",
      text: `${mib(free)} free on the disk, enough for ${daysLeft > 3650 ? "more than ten years" : `${daysLeft} days`} at the pace so far`,
    },
  ];
}

/** Routes that fill the trail and are of no use to an auditor. */
async function noiseFindings(trail: SqliteReader): Promise<Finding[]> {
  const counts = await trail.countBy("route", { type: "endpoint" });
  const all = [...counts.values()].reduce((sum, n) => sum + n, 0);
  return [...counts]
    .filter(([route, n]) => NOISE_ROUTE.test(route) && n >= all * NOISE_SHARE && n > 100)
    .map(([route, n]) => ({
      level: "warning" as const,
      text: `${Math.round((100 * n) / all)} % of all requests are ${route}: { path: "${route}", level: "none" } in \`policy\` leaves them out`,
    }));
}

const mib = (bytes: number) => `${(bytes / MIB).toFixed(bytes < 10 * MIB ? 1 : 0)} MiB`;

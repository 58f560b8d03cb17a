import { existsSync } from "node:fs";
import { BUILT_IN_EVENTS, type EventDefinition } from "@daybook/core";
import {
  Catalogue,
  DEFAULT_RETENTION_PERIODS,
  personDaysOf,
  type RetentionPeriods,
  retentionClassName,
  retentionClassOf,
} from "@daybook/core/store";
import { stringify } from "csv-stringify/sync";
import { writeTo } from "../output/text-output.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { databasePath, readConfiguration } from "../trail/configuration.ts";
import { openTrail } from "../trail/trail.ts";

export interface InventoryOptions {
  readonly db?: string;
  readonly format: "table" | "json" | "csv";
  readonly output?: string;
}

interface Entry {
  readonly type: string;
  readonly action: string;
  readonly purpose: string;
  readonly severity: string;
  readonly delivery: string;
  readonly class: string;
  readonly personalDataDays: number | null;
  readonly personal: string;
  readonly resourceId: string;
  readonly origin: "built in" | "application";
}

export async function inventory({ db, format, output: path }: InventoryOptions): Promise<ExitStatus> {
  const configuration = await readConfiguration();
  const { catalogue = [] } = configuration;
  const periods = await periodsOf(databasePath(db, configuration), db !== undefined);
  const own = new Set<EventDefinition>(catalogue);
  const entries = new Catalogue([...BUILT_IN_EVENTS, ...catalogue])
    .all()
    .map((definition) => entryOf(definition, own.has(definition), periods))
    .sort((a, b) => `${a.type} ${a.action}`.localeCompare(`${b.type} ${b.action}`, "en"));
  await writeTo(path, (output) => output.write(printed(entries, format)));
  return EXIT.ok;
}

/** The periods in force in the trail; the defaults before there is one. */
async function periodsOf(path: string, named: boolean): Promise<RetentionPeriods> {
  if (!named && !existsSync(path)) {
    process.stderr.write(`daybook: there is no audit trail at ${path}, so the days are the default ones; name the trail with --db\n`);
    return DEFAULT_RETENTION_PERIODS;
  }
  const trail = await openTrail(path);
  try {
    return await trail.retentionPeriods();
  } finally {
    await trail.close();
  }
}

const entryOf = (definition: EventDefinition, own: boolean, periods: RetentionPeriods): Entry => {
  const retentionClass = retentionClassOf(definition);
  return {
    type: definition.type,
    action: definition.action,
    purpose: definition.description ?? "",
    severity: definition.severity,
    delivery: definition.delivery,
    class: `${retentionClass} ${retentionClassName(retentionClass) ?? "own policy"}`,
    personalDataDays: personDaysOf(definition, periods) ?? null,
    personal:
      definition.personal === undefined
        ? "all of data"
        : definition.personal.length === 0
          ? "nothing in data"
          : definition.personal.join(", "),
    resourceId: definition.resourceId,
    origin: own ? "application" : "built in",
  };
};

function printed(entries: readonly Entry[], format: InventoryOptions["format"]): string {
  if (format === "json") return `${JSON.stringify(entries, null, 2)}\n`;
  if (format === "csv") return stringify(entries as Entry[], { header: true, record_delimiter: "windows" });
  const columns = ["type", "action", "severity", "delivery", "class", "personalDataDays", "personal", "purpose"] as const;
  const titles = ["type", "action", "severity", "delivery", "class", "days", "erased with a person", "purpose"];
  const rows = [titles, ...entries.map((entry) => columns.map((column) => String(entry[column] ?? "own policy")))];
  const widths = titles.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

import { BUILT_IN_EVENTS, type EventDefinition } from "@daybook/core";
import { Catalogue, personDaysOf, retentionClassOf } from "@daybook/core/store";
import { stringify } from "csv-stringify/sync";
import { writeTo } from "../output/text-output.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { readConfiguration } from "../trail/configuration.ts";

export interface InventoryOptions {
  readonly format: "table" | "json" | "csv";
  readonly output?: string;
}

/** Names of the retention classes. */
const CLASSES: Readonly<Record<number, string>> = {
  1: "system",
  2: "access",
  3: "admin",
  4: "consent",
  5: "compliance",
  6: "usage",
  7: "security",
  8: "ledger",
};

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

export async function inventory({ format, output: path }: InventoryOptions): Promise<ExitStatus> {
  const { catalogue = [] } = await readConfiguration();
  const own = new Set<EventDefinition>(catalogue);
  const entries = new Catalogue([...BUILT_IN_EVENTS, ...catalogue])
    .all()
    .map((definition) => entryOf(definition, own.has(definition)))
    .sort((a, b) => `${a.type} ${a.action}`.localeCompare(`${b.type} ${b.action}`, "en"));
  await writeTo(path, (output) => output.write(printed(entries, format)));
  return EXIT.ok;
}

const entryOf = (definition: EventDefinition, own: boolean): Entry => {
  const retentionClass = retentionClassOf(definition);
  return {
    type: definition.type,
    action: definition.action,
    purpose: definition.description ?? "",
    severity: definition.severity,
    delivery: definition.delivery,
    class: `${retentionClass} ${CLASSES[retentionClass] ?? "own policy"}`,
    personalDataDays: personDaysOf(definition) ?? null,
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
  const widths = titles.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

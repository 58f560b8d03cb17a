import { defined } from "@daybook/core/store";
import { openSqliteStore, type RetentionResult } from "@daybook/store-sqlite";
import { Progress } from "../output/progress.ts";
import { safeText } from "../output/safe-text.ts";
import { textTable } from "../output/text-table.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { databasePath, readConfiguration } from "../trail/configuration.ts";
import { operator, refuseMissing } from "../trail/trail.ts";

export interface RetentionVerbOptions {
  readonly db?: string;
  readonly confirm?: boolean;
  readonly format: "table" | "json";
}

export const plan = (options: RetentionVerbOptions): Promise<ExitStatus> => run({ ...options, confirm: false });

export async function run({ db, confirm = false, format }: RetentionVerbOptions): Promise<ExitStatus> {
  const configuration = await readConfiguration();
  const path = databasePath(db, configuration);
  refuseMissing(path);
  const { userIds } = configuration;
  const store = await openSqliteStore({ path, worker: false, retention: "manual", ...defined({ userIds }) });
  const progress = new Progress("entries");
  try {
    const result = await store.retain({
      confirm,
      ...(confirm ? { operator: operator() } : {}),
      onProgress: (looked, total) => progress.show(looked, total),
    });
    progress.end();
    process.stdout.write(format === "json" ? `${JSON.stringify(result, null, 2)}\n` : printed(result));
    if (!confirm && result.items.length > 0)
      process.stderr.write("daybook: nothing was removed; `daybook retention run --confirm` does it\n");
    if (result.state === "pending") return EXIT.partial;
    return result.items.length === 0 ? EXIT.nothing : EXIT.ok;
  } finally {
    progress.end();
    await store.close();
  }
}

function printed({ confirmed, items, heldBack, manifests, state, reason }: RetentionResult): string {
  if (items.length === 0) return "nothing is due\n";
  const lines = [
    textTable(
      ["class", confirmed ? "parts removed" : "parts due", confirmed ? "heads removed" : "heads due", "held"],
      items.map(({ category, persons, heads, held }) => [category, String(persons), String(heads), String(held)]),
    ),
  ];
  for (const category of heldBack)
    lines.push(`${category} cannot go on: more is held than one entry of the log can name. Release holds that are no longer needed.\n`);
  if (confirmed && manifests.length > 0)
    lines.push(
      `declared in ${manifests.length === 1 ? `entry #${manifests[0]}` : `${manifests.length} entries, #${manifests[0]} to #${manifests.at(-1)}`}\n`,
    );
  if (state === "pending") lines.push(`PENDING: ${safeText(reason ?? "a reader has the old pages")} (retrying; see gdpr status)\n`);
  return lines.join("");
}

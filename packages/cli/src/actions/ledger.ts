import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defined } from "@daybook/core/store";
import { createTileWriter, type TileFile } from "@daybook/ledger";
import { backupDatabase, dirAnchor, restoreLedger, vacuumLedger } from "@daybook/store-sqlite";
import { Progress } from "../output/progress.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { watchInterruption } from "../process/interruption.ts";
import { databasePath, readConfiguration } from "../trail/configuration.ts";
import { openTrail, recordRead, refuseMissing } from "../trail/trail.ts";

export interface LedgerExportOptions {
  readonly db?: string;
  readonly tlog: string;
}

export interface RestoreVerbOptions {
  readonly db?: string;
  readonly anchor?: readonly string[];
  readonly confirm?: boolean;
}

export interface VacuumOptions {
  readonly db?: string;
}

export async function restore({ db, anchor, confirm = false }: RestoreVerbOptions): Promise<ExitStatus> {
  const path = databasePath(db, await readConfiguration());
  refuseMissing(path);
  const result = await restoreLedger({ path, confirm, ...defined({ anchors: anchor?.map(dirAnchor) }) });
  const { origin, entries, seen, repeated, forgotten } = result;
  const would = (verb: string, done: string) => (confirm ? done : `would ${verb}`);
  const lines = [
    `the file has ${entries} entries, the anchors have seen ${seen}`,
    `${would("erase", "erased")} ${repeated} parts again, and ${would("forget", "forgot")} ${forgotten} persons in journals and consents`,
    confirm ? `the log goes on as ${origin}` : `would go on in a new generation after ${origin}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  if (!confirm) process.stderr.write("daybook: nothing was changed; add --confirm\n");
  return EXIT.ok;
}

export async function exportTiles({ db, tlog }: LedgerExportOptions): Promise<ExitStatus> {
  const configuration = await readConfiguration();
  const path = databasePath(db, configuration);
  const trail = await openTrail(path);
  const progress = new Progress("entries");
  try {
    const checkpoint = trail.newestCheckpoint();
    if (checkpoint === undefined) {
      process.stderr.write("daybook: there is no checkpoint yet; make one with `daybook checkpoint`\n");
      return EXIT.nothing;
    }
    const writer = createTileWriter();
    const write = ({ path: name, bytes }: TileFile) => {
      const file = join(tlog, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    };
    let n = 0;
    for await (const entry of trail.entries(checkpoint.size)) {
      for (const file of writer.push(entry)) write(file);
      progress.show(++n, checkpoint.size);
    }
    for (const file of writer.partial()) write(file);
    // Last, so that a checkpoint never lies there without its tiles.
    writeFileSync(join(tlog, "checkpoint"), checkpoint.note);
    progress.end();
    process.stderr.write(`daybook: ${n} entries written\n`);
    await recordRead(path, { verb: "ledger export", records: n, format: "tlog-tiles" }, configuration.userIds);
    return EXIT.ok;
  } finally {
    progress.end();
    await trail.close();
  }
}

export async function vacuum({ db }: VacuumOptions): Promise<ExitStatus> {
  const path = databasePath(db, await readConfiguration());
  refuseMissing(path);
  const obstacle = vacuumLedger(path);
  if (obstacle === undefined) return EXIT.ok;
  process.stderr.write(`daybook: removals stay pending: ${obstacle}\n`);
  return EXIT.partial;
}

export async function backup(file: string, { db }: VacuumOptions): Promise<ExitStatus> {
  const path = databasePath(db, await readConfiguration());
  refuseMissing(path);
  const progress = new Progress("pages");
  const interruption = watchInterruption();
  try {
    await backupDatabase(path, file, { signal: interruption.signal, onProgress: (copied, total) => progress.show(copied, total) });
  } catch (cause) {
    if (!interruption.signal.aborted) throw cause;
  } finally {
    progress.end();
    interruption.settle();
  }
  return EXIT.ok;
}

import type { JsonObject } from "@daybook/core";
import type { LedgerRow } from "@daybook/store-sqlite";
import type { Format } from "../choices/format-names.ts";
import { eventFormat, writeRows } from "../output/formats.ts";
import { LineBuffer } from "../output/line-buffer.ts";
import { Progress } from "../output/progress.ts";
import { writeTo } from "../output/text-output.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { watchInterruption } from "../process/interruption.ts";
import { keepHeapSmall } from "../process/small-heap.ts";
import { databasePath, readConfiguration } from "../trail/configuration.ts";
import { openTrail, recordRead } from "../trail/trail.ts";
import { type FilterOptions, filterOf, rangeOf } from "./event-filter.ts";

export interface ReportOptions extends FilterOptions {
  readonly last?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
  readonly oldestFirst?: boolean;
  readonly format: Format;
  readonly output?: string;
  readonly formulaGuard: boolean;
}

export async function report(options: ReportOptions): Promise<ExitStatus> {
  keepHeapSmall();
  const configuration = await readConfiguration();
  const path = databasePath(options.db, configuration);
  const filter = { ...filterOf(options), ...rangeOf(options) };
  const trail = await openTrail(path);
  const interruption = watchInterruption();
  let records = 0;
  try {
    await writeTo(options.output, async (output) => {
      try {
        const guard = { guard: options.formulaGuard };
        const format = eventFormat(options.format, guard);
        const progress = new Progress("records");
        const lines = new LineBuffer();
        const rows = trail.rows(filter, { order: options.oldestFirst ? "oldest" : "newest" });
        await output.write(format.begin);
        const limit = options.limit ?? Number.POSITIVE_INFINITY;
        for await (const block of rows) {
          records += writeRows(lines, first(limit - records, block), options.format, format, guard);
          await output.write(lines.bytes);
          lines.clear();
          progress.show(records);
          if (records >= limit || output.ended || interruption.signal.aborted) break;
        }
        progress.end();
        if (interruption.signal.aborted) output.discard();
        else await output.write(format.end());
      } finally {
        // The reader is closed before the trail is written.
        await trail.close();
        // A report that stopped half-way was still read, so it is recorded.
        const read = { verb: "report", records, format: options.format, filters: filtersForRecord(options) };
        await recordRead(path, read, configuration.userIds);
      }
    });
  } finally {
    await trail.close();
  }
  interruption.settle();
  if (records > 0) return EXIT.ok;
  process.stderr.write("daybook: nothing matches\n");
  return EXIT.nothing;
}

/** At most `limit` rows. */
function* first(limit: number, rows: Iterable<LedgerRow>): Generator<LedgerRow> {
  let left = limit;
  for (const row of rows) {
    if (left-- <= 0) return;
    yield row;
  }
}

/** The filter of the report. It is erased with the person it names. The print options are not part of it. */
function filtersForRecord({ db, format, output, formulaGuard, oldestFirst, ...filters }: ReportOptions): JsonObject {
  return JSON.parse(JSON.stringify(filters)) as JsonObject;
}

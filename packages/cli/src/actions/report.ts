import type { JsonObject, StoredEvent } from "@daybook/core";
import { databasePath, readConfiguration } from "../configuration.ts";
import { EXIT, type ExitStatus } from "../exit-status.ts";
import { watchInterruption } from "../interruption.ts";
import type { Format } from "../output/format-names.ts";
import { eventFormat } from "../output/formats.ts";
import { Progress } from "../output/progress.ts";
import { writeTo } from "../output/text-output.ts";
import { openTrail, recordRead } from "../trail.ts";
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

const BLOCK = 500;

export async function report(options: ReportOptions): Promise<ExitStatus> {
  const configuration = await readConfiguration();
  const path = databasePath(options.db, configuration);
  const filter = { ...filterOf(options), ...rangeOf(options) };
  const trail = await openTrail(path);
  const interruption = watchInterruption();
  let records = 0;
  try {
    await writeTo(options.output, async (output) => {
      try {
        const format = eventFormat(options.format, { guard: options.formulaGuard });
        const progress = new Progress("records");
        const events = trail.scan(filter, { order: options.oldestFirst ? "oldest" : "newest" });
        await output.write(format.begin);
        for await (const block of blocks(events, options.limit ?? Infinity)) {
          await output.write(format.block(block));
          records += block.length;
          progress.show(records);
          if (output.ended || interruption.signal.aborted) break;
        }
        progress.end();
        if (interruption.signal.aborted) output.discard();
        else await output.write(format.end());
      } finally {
        // What was seen was read, also where it stopped half-way.
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

async function* blocks(events: AsyncIterable<StoredEvent>, limit: number): AsyncGenerator<StoredEvent[]> {
  let block: StoredEvent[] = [];
  let left = limit;
  for await (const event of events) {
    block.push(event);
    left--;
    if (block.length === BLOCK || left === 0) {
      yield block;
      block = [];
      if (left === 0) return;
    }
  }
  if (block.length > 0) yield block;
}

/** What was asked for. Together with the person asked for it is erasable; how it was printed is not part of it. */
function filtersForRecord({ db, format, output, formulaGuard, oldestFirst, ...filters }: ReportOptions): JsonObject {
  return JSON.parse(JSON.stringify(filters)) as JsonObject;
}

import { setTimeout as wait } from "node:timers/promises";
import { eventFormat } from "../output/formats.ts";
import { textOutput } from "../output/text-output.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { UsageError } from "../process/usage-error.ts";
import { databasePath, readConfiguration } from "../trail/configuration.ts";
import { openTrail, recordRead } from "../trail/trail.ts";
import { type FilterOptions, filterOf } from "./event-filter.ts";

export interface TailOptions extends FilterOptions {
  readonly lines: number;
  readonly format: "table" | "ndjson";
}

const POLL_MS = 250;
const MOST_LINES = 1_000;

export async function tail(options: TailOptions): Promise<ExitStatus> {
  const { lines } = options;
  if (lines > MOST_LINES) throw new UsageError(`--lines is at most ${MOST_LINES}; daybook report prints more.`);
  const configuration = await readConfiguration();
  const path = databasePath(options.db, configuration);
  const filter = filterOf(options);
  const trail = await openTrail(path);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stop.abort());
  const output = textOutput(undefined);
  const format = eventFormat(options.format, { guard: true });
  let records = 0;
  try {
    const newest = await trail.query({}, { limit: 1 });
    let after = newest.events[0]?.seq ?? -1;
    if (lines > 0) {
      const first = (await trail.query(filter, { limit: lines })).events.filter((event) => event.seq <= after);
      await output.write(format.block(first.toReversed()));
      records += first.length;
    }
    while (!stop.signal.aborted && !output.ended) {
      const page = await trail.query({ ...filter, after }, { limit: 1000, order: "oldest" });
      if (page.events.length > 0) {
        await output.write(format.block(page.events));
        records += page.events.length;
        after = page.events.at(-1)!.seq;
      }
      if (page.next === undefined) await pause(stop.signal);
    }
  } finally {
    await trail.close();
    await recordRead(path, { verb: "tail", records, format: options.format }, configuration.userIds);
  }
  return EXIT.ok;
}

/** Until the next look, or until the end: being stopped is how this verb ends. */
async function pause(signal: AbortSignal): Promise<void> {
  try {
    await wait(POLL_MS, undefined, { signal });
  } catch (cause) {
    if (!signal.aborted) throw cause;
  }
}

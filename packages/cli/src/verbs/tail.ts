import { setTimeout as wait } from "node:timers/promises";
import { type Command, Option } from "commander";
import { databasePath, readConfiguration } from "../configuration.ts";
import { EXIT, type ExitStatus } from "../exit-status.ts";
import { eventFormat } from "../output/formats.ts";
import { textOutput } from "../output/text-output.ts";
import { openTrail, recordRead } from "../trail.ts";
import { filterOf, filterOptions } from "./report.ts";

interface TailOptions {
  readonly db?: string;
  readonly lines: string;
  readonly format: "table" | "ndjson";
}

const POLL_MS = 250;

export function addTail(program: Command, done: (status: ExitStatus) => void): void {
  filterOptions(program.command("tail"))
    .description("print the newest records, then new ones as they come; end with Ctrl+C")
    .option("-n, --lines <n>", "how many to begin with", "10")
    .addOption(new Option("--format <format>", "how to print").choices(["table", "ndjson"]).default("table"))
    .action(async (options: TailOptions) => done(await tail(options)));
}

async function tail(options: TailOptions): Promise<ExitStatus> {
  const configuration = await readConfiguration();
  const path = databasePath(options.db, configuration);
  const filter = filterOf(options);
  const lines = Math.min(1000, Math.max(0, Number.parseInt(options.lines, 10) || 0));
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const trail = await openTrail(path);
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
    while (!stop.signal.aborted) {
      const page = await trail.query({ ...filter, after }, { limit: 1000, order: "oldest" });
      if (page.events.length > 0) {
        await output.write(format.block(page.events));
        records += page.events.length;
        after = page.events.at(-1)!.seq;
      }
      if (page.next === undefined) await wait(POLL_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } finally {
    await trail.close();
  }
  await recordRead(path, { verb: "tail", records, format: options.format }, configuration.userIds);
  return EXIT.ok;
}

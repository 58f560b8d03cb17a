import {
  before,
  type EventFilter,
  type JsonObject,
  OUTCOMES,
  type Outcome,
  SEVERITIES,
  type Severity,
  type StoredEvent,
} from "@daybook/core";
import { type Command, InvalidArgumentError, Option } from "commander";
import { databasePath, readConfiguration } from "../configuration.ts";
import { EXIT, type ExitStatus } from "../exit-status.ts";
import { eventFormat, FORMATS, type Format } from "../output/formats.ts";
import { Progress } from "../output/progress.ts";
import { textOutput } from "../output/text-output.ts";
import { openTrail, recordRead } from "../trail.ts";
import { UsageError } from "../usage-error.ts";

interface ReportOptions {
  readonly db?: string;
  readonly eventType?: string[];
  readonly action?: string[];
  readonly severity?: string[];
  readonly outcome?: string[];
  readonly user?: string;
  readonly actor?: string;
  readonly request?: string;
  readonly tenant?: string;
  readonly endpoint?: string;
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

/** Options several verbs share. */
export const filterOptions = (command: Command): Command =>
  command
    .option("--db <file>", "the database (default: daybook.config, DAYBOOK_DB, data/audit.db)")
    .option("--event-type <type...>", "only these types, such as ingestion")
    .option("--action <action...>", "only these actions, such as book.uploaded")
    .option("--user <id>", "only what is about this person, in any role")
    .option("--actor <id>", "only what this person did")
    .option("--request <id>", "only this request")
    .option("--tenant <id>", "only this tenant")
    .option("--endpoint <route>", "only this route template, such as /books/:id")
    .addOption(new Option("--severity <severity...>", "only these").choices([...SEVERITIES]))
    .addOption(new Option("--outcome <outcome...>", "only these").choices([...OUTCOMES]));

export function addReport(program: Command, done: (status: ExitStatus) => void): void {
  filterOptions(program.command("report"))
    .description("print what the trail holds, newest first")
    .option("--last <duration>", "only the last 30m, 12h, 7d, 2w, 3mo, 1y or P7D")
    .option("--since <time>", "only from this time on, ISO 8601")
    .option("--until <time>", "only before this time, ISO 8601")
    .option("--limit <n>", "at most so many records", wholeNumber)
    .option("--oldest-first", "oldest records first")
    .addOption(new Option("--format <format>", "how to print").choices([...FORMATS]).default("table"))
    .option("--output <file>", "write to a file that only you can read")
    .option("--no-formula-guard", "CSV: leave cells as they are, even where a spreadsheet would run them")
    .addHelpText(
      "after",
      "\nExit status: 0 printed, 1 failed, 2 wrong usage, 3 nothing matched.\nExample: daybook report --event-type ingestion --last 7d --format csv > week.csv",
    )
    .action(async (options: ReportOptions) => done(await report(options)));
}

async function report(options: ReportOptions): Promise<ExitStatus> {
  const configuration = await readConfiguration();
  const path = databasePath(options.db, configuration);
  const filter = { ...filterOf(options), ...rangeOf(options) };
  const trail = await openTrail(path);
  const format = eventFormat(options.format, { guard: options.formulaGuard });
  const output = textOutput(options.output);
  const progress = new Progress("records");
  let records = 0;
  try {
    await output.write(format.begin);
    for await (const block of blocks(trail.scan(filter, { order: options.oldestFirst ? "oldest" : "newest" }), options.limit ?? Infinity)) {
      await output.write(format.block(block));
      records += block.length;
      progress.show(records);
    }
    await output.write(format.end());
  } finally {
    progress.end();
    await output.close();
    await trail.close();
  }
  await recordRead(path, { verb: "report", records, format: options.format, filters: filtersForRecord(options) }, configuration.userIds);
  if (records > 0) return EXIT.ok;
  process.stderr.write("daybook: nothing matches\n");
  return EXIT.nothing;
}

async function* blocks(events: AsyncIterable<StoredEvent>, limit: number): AsyncGenerator<StoredEvent[]> {
  let block: StoredEvent[] = [];
  let left = limit;
  if (left <= 0) return;
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

export function filterOf(options: Partial<ReportOptions>): EventFilter {
  const { eventType, action, severity, outcome, user, actor, request, tenant, endpoint } = options;
  return {
    ...(eventType === undefined ? {} : { type: eventType.flatMap((list) => list.split(",")) }),
    ...(action === undefined ? {} : { action: action.flatMap((list) => list.split(",")) }),
    ...(severity === undefined ? {} : { severity: severity as Severity[] }),
    ...(outcome === undefined ? {} : { outcome: outcome as Outcome[] }),
    ...(user === undefined ? {} : { user }),
    ...(actor === undefined ? {} : { actor }),
    ...(request === undefined ? {} : { requestId: request }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(endpoint === undefined ? {} : { route: endpoint }),
  };
}

function rangeOf({ last, since, until }: ReportOptions): EventFilter {
  if (last !== undefined && since !== undefined) throw new UsageError("Give --last or --since, not both.");
  return {
    ...(last === undefined ? {} : { since: before(last, Date.now()) }),
    ...(since === undefined ? {} : { since: timeOf("--since", since) }),
    ...(until === undefined ? {} : { until: timeOf("--until", until) }),
  };
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/;

/** A date alone, or a time without a zone, is UTC: the trail is. */
function timeOf(option: string, text: string): number {
  const zoned = /T/.test(text) && !/(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? `${text}Z` : text;
  const time = ISO_TIME.test(text) ? Date.parse(zoned) : Number.NaN;
  if (Number.isNaN(time)) throw new UsageError(`${option} is a time such as 2026-11-24 or 2026-11-24T09:30:00Z.`);
  return time;
}

/** Which person was asked for is erasable with that person; all other filters are told as they are. */
function filtersForRecord({
  eventType,
  action,
  severity,
  outcome,
  user,
  actor,
  request,
  tenant,
  endpoint,
  last,
  since,
  until,
  limit,
}: ReportOptions): JsonObject {
  return JSON.parse(
    JSON.stringify({ eventType, action, severity, outcome, user, actor, request, tenant, endpoint, last, since, until, limit }),
  ) as JsonObject;
}

function wholeNumber(text: string): number {
  const n = Number(text);
  if (!/^\d{1,15}$/.test(text) || n < 1) throw new InvalidArgumentError("It is a whole number above 0.");
  return n;
}

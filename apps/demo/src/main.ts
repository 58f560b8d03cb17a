import { once } from "node:events";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isDaybookError } from "@daybook/core";
import { Alexandria, type Framework } from "./alexandria.ts";
import { DEMO_READERS } from "./library/reader-list.ts";
import { runMorning } from "./morning.ts";
import { Person } from "./person.ts";
import { summary } from "./summary.ts";
import { runTraffic } from "./traffic.ts";
import { verifyTrail } from "./trail/verify-trail.ts";

const USAGE = `Alexandria, a small library with an audit trail.

  --books DIR        texts to take in, .txt and .md (default: its own handbook)
  --framework NAME   express or fastify (default express)
  --port N           where to listen on 127.0.0.1; 0 takes a free port (default 3000)
  --metrics-port N   where to serve metrics; 0 takes a free port (default 9464)
  --metrics-host A   address to serve metrics on (default 127.0.0.1; 0.0.0.0 lets a Prometheus in a container reach them)
  --load N           after the summary, keep the library busy with about N requests a second
  --exit             stop after the summary

DAYBOOK_DB names the database of the trail (default data/audit.db). ALEXANDRIA_MODEL_URL and ALEXANDRIA_MODEL name a server that
speaks the OpenAI chat protocol; without them answers are quotations.
`;

const SHELF = fileURLToPath(new URL("../shelf", import.meta.url));

class UsageError extends Error {}

function options() {
  let values: ReturnType<typeof parse>;
  try {
    values = parse();
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause));
  }
  const { books, framework, exit, help } = values;
  if (framework !== "express" && framework !== "fastify") throw new UsageError("--framework is express or fastify");
  if (books !== undefined && !statSync(books, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`--books: ${books} is no folder`);
  // A run with --exit takes any ports, so that it also works beside a running library.
  const port = portOf("--port", values.port ?? (exit ? "0" : "3000"));
  const metricsPort = portOf("--metrics-port", values["metrics-port"] ?? (exit ? "0" : "9464"));
  const load = values.load === undefined ? undefined : Number(values.load);
  if (load !== undefined && !(load >= 1 && load <= 1_000)) throw new UsageError("--load is a number from 1 to 1000");
  return {
    books: books ?? SHELF,
    framework: framework as Framework,
    port,
    metricsPort,
    metricsHost: values["metrics-host"],
    load,
    exit,
    help,
  };
}

function portOf(option: string, text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new UsageError(`${option} is a number from 0 to 65535`);
  return Number(text);
}

const parse = () =>
  parseArgs({
    options: {
      books: { type: "string" },
      framework: { type: "string", default: "express" },
      port: { type: "string" },
      "metrics-port": { type: "string" },
      "metrics-host": { type: "string" },
      load: { type: "string" },
      exit: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  }).values;

async function main(): Promise<void> {
  const { books, framework, port, metricsPort, metricsHost, load, exit, help } = options();
  if (help) {
    process.stdout.write(USAGE);
    return;
  }
  const auditPath = process.env.DAYBOOK_DB || "data/audit.db";
  const folder = dirname(resolve(auditPath));
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { ALEXANDRIA_MODEL_URL: modelUrl, ALEXANDRIA_MODEL: model } = process.env;
  const alexandria = await Alexandria.open({
    framework,
    port,
    metricsPort,
    metricsHost,
    auditPath,
    libraryPath: join(folder, "library.db"),
    model: modelUrl && model ? { url: modelUrl, model } : undefined,
  });
  try {
    await serve(alexandria, { books, auditPath, load, exit });
  } catch (cause) {
    await alexandria.close();
    throw cause;
  }
}

interface ServeOptions {
  readonly books: string;
  readonly auditPath: string;
  readonly load: number | undefined;
  readonly exit: boolean;
}

/** Fills the shelf, runs the morning, prints the summary of the trail, and serves until a signal, or ends with `exit`. */
async function serve(alexandria: Alexandria, { books, auditPath, load, exit }: ServeOptions): Promise<void> {
  const { library, audit, url } = alexandria;
  for (const reader of DEMO_READERS) library.enrolReader(reader);
  const tokens = new Map(DEMO_READERS.map(({ id }) => [id, library.issueToken(id)] as const));
  const ingested = await alexandria.ingest(books);
  const steps = await runMorning(url, tokens);
  await audit.flush();
  const verdict = await verifyTrail(auditPath);
  process.stdout.write(await summary(alexandria, { auditPath, ingested, steps, verdict, tokens }));
  if (exit) {
    await alexandria.close();
    const asItShouldBe = steps.every((step) => step.status === step.expected) && verdict?.intact !== false;
    process.exitCode = asItShouldBe ? 0 : 1;
    return;
  }
  process.stdout.write(`\nOpen ${url}/ in a browser. Stop with Ctrl+C.\n`);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  await Promise.all([once(stop.signal, "abort"), load === undefined ? undefined : busyDay(url, tokens, load, stop.signal)]);
  await alexandria.close();
}

async function busyDay(url: string, tokens: ReadonlyMap<string, string>, perSecond: number, stop: AbortSignal): Promise<void> {
  process.stdout.write(`About ${perSecond} requests a second keep the library busy.\n`);
  const people = ["mira", "jonas", "tove", "amina", "somebody"].map((name) => new Person(name, url));
  for (const person of people) {
    const token = tokens.get(person.name);
    if (token !== undefined) await person.signIn(token);
  }
  const requests = await runTraffic(people, perSecond, stop);
  process.stdout.write(`${requests} requests made.\n`);
}

main().catch((error: unknown) => {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  const { code, message, port } = error as NodeJS.ErrnoException & { readonly port?: number };
  if (code === "EADDRINUSE") process.stderr.write(`The port ${port} is taken; choose others with --port and --metrics-port, 0 for any.\n`);
  else process.stderr.write(isDaybookError(error) ? `${message}\n` : `${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});

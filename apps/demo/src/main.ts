import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isDaybookError } from "@daybook/core";
import { Alexandria, type Framework } from "./alexandria.ts";
import { DEMO_READERS } from "./library/reader-list.ts";
import { runMorning } from "./morning.ts";
import { summary } from "./summary.ts";

const USAGE = `Alexandria, a small library with an audit trail.

  --books DIR        texts to take in, .txt and .md (default: its own handbook)
  --framework NAME   express or fastify (default express)
  --port N           where to listen on 127.0.0.1; 0 takes a free port (default 3000)
  --metrics-port N   where to serve metrics on 127.0.0.1; 0 takes a free port (default 9464)
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
  // A run that ends by itself takes any ports, so that it also works beside a library that is running.
  const port = portOf("--port", values.port ?? (exit ? "0" : "3000"));
  const metricsPort = portOf("--metrics-port", values["metrics-port"] ?? (exit ? "0" : "9464"));
  return { books: books ?? SHELF, framework: framework as Framework, port, metricsPort, exit, help };
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
      exit: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  }).values;

async function main(): Promise<void> {
  const { books, framework, port, metricsPort, exit, help } = options();
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
    auditPath,
    libraryPath: join(folder, "library.db"),
    model: modelUrl && model ? { url: modelUrl, model } : undefined,
  });
  for (const reader of DEMO_READERS) alexandria.library.enrolReader(reader);
  const tokens = new Map(DEMO_READERS.map(({ id }) => [id, alexandria.library.issueToken(id)] as const));
  const ingested = await alexandria.ingest(books);
  const steps = await runMorning(alexandria.url, tokens);
  process.stdout.write(await summary(alexandria, { auditPath, ingested, steps, tokens }));
  const wrong = steps.some((step) => step.status !== step.expected);
  if (exit) {
    await alexandria.close();
    process.exitCode = wrong ? 1 : 0;
    return;
  }
  process.stdout.write(`\nOpen ${alexandria.url}/ in a browser. Stop with Ctrl+C.\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      void alexandria.close().then(() => process.exit(0));
    });
  }
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

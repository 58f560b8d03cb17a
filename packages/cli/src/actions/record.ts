import { createInterface } from "node:readline";
import { type AnyRecordFields, createAuditLog, isDaybookError } from "@daybook/core";
import { defined } from "@daybook/core/store";
import { openSqliteStore } from "@daybook/store-sqlite";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { watchInterruption } from "../process/interruption.ts";
import { UsageError } from "../process/usage-error.ts";
import { databasePath, readConfiguration } from "../trail/configuration.ts";

export interface RecordOptions {
  readonly db?: string;
}

const TOGETHER = 200;
const LONGEST_LINE = 1_000_000;

export async function record({ db }: RecordOptions): Promise<ExitStatus> {
  if (process.stdin.isTTY) throw new UsageError("Give events on standard input, one JSON object per line.");
  const configuration = await readConfiguration();
  const store = await openSqliteStore({
    path: databasePath(db, configuration),
    worker: false,
    ...defined({ userIds: configuration.userIds }),
  });
  const audit = createAuditLog({
    store,
    catalogue: configuration.catalogue ?? [],
    signals: false,
    spool: false,
    onProblem: () => undefined,
  });
  const interruption = watchInterruption();
  let stored = 0;
  let refused = 0;
  let line = 0;
  let waiting: Promise<void>[] = [];
  const refuse = (where: number, reason: string) => {
    refused++;
    process.stderr.write(`daybook: line ${where}: ${reason}\n`);
  };
  try {
    for await (const text of createInterface({ input: process.stdin, crlfDelay: Infinity, signal: interruption.signal })) {
      const where = ++line;
      if (text.trim() === "") continue;
      const event = parsed(text);
      if (typeof event === "string") {
        refuse(where, event);
        continue;
      }
      const definition = audit.catalogue.find(event);
      if (definition === undefined) {
        refuse(where, `${event.type}/${event.action} is in no catalogue; add its definition to daybook.config`);
        continue;
      }
      waiting.push(
        audit.recordWith(definition, event.fields, {}).stored.then(
          () => void stored++,
          (cause: unknown) => refuse(where, isDaybookError(cause) ? cause.message : String(cause)),
        ),
      );
      if (waiting.length >= TOGETHER) {
        await Promise.all(waiting);
        waiting = [];
      }
    }
    await Promise.all(waiting);
  } finally {
    await audit.close();
  }
  process.stderr.write(`daybook: ${stored} stored, ${refused} refused\n`);
  interruption.settle();
  if (refused === 0) return EXIT.ok;
  return stored === 0 ? EXIT.failure : EXIT.partial;
}

const FIELDS = ["actor", "subjects", "resource", "purpose", "reason", "tenant", "severity", "outcome", "error", "data"];

function parsed(text: string): { type: string; action: string; fields: AnyRecordFields } | string {
  if (text.length > LONGEST_LINE) return `the line is longer than ${LONGEST_LINE} characters`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return `not JSON: ${(cause as Error).message}`;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "not an object";
  const { type, action, ...fields } = value as Record<string, unknown>;
  if (typeof type !== "string" || typeof action !== "string") return "`type` and `action` are texts";
  const unknown = Object.keys(fields).filter((key) => !FIELDS.includes(key));
  if (unknown.length > 0) return `unknown field ${unknown[0]}; known are ${FIELDS.join(", ")}`;
  return { type, action, fields: fields as AnyRecordFields };
}

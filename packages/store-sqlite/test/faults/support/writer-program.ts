/**
 * Records events at a steady pace in a separate process and prints the delay of its event loop: `writer-program.mjs
 * sqlite|none <path> <events> <name>`.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { createAuditLog, noteRecorded } from "@daybook/core";
import type { AuditSink } from "@daybook/core/store";
import { openSqliteStore } from "../../../src/index.ts";

const [kind, path, events, name] = process.argv.slice(2) as ["sqlite" | "none", string, string, string];
const PER_TURN = 25;
const TURN_MS = 20;

const nowhere: AuditSink = {
  name: "nowhere",
  supports: { erasure: "none", durable: false, idempotent: true },
  append: async () => ({ refused: [] }),
  close: async () => undefined,
};

const problems: string[] = [];
const common = { spool: false, closeDeadlineMs: 120_000, onProblem: (error: { code: string }) => void problems.push(error.code) } as const;
const audit =
  kind === "none"
    ? createAuditLog({ sinks: [{ sink: nowhere, required: true }], ...common })
    : createAuditLog({ store: await openSqliteStore({ path, onNotice: () => undefined }), ...common });

// All processes of a run begin together.
process.stdout.write("ready\n");
await new Promise((resolve) => process.stdin.once("data", resolve));
process.stdin.destroy();

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
for (let n = 0; n < Number(events); n++) {
  audit.record(noteRecorded, { data: { note: `${name}.${n}` } });
  if (n % PER_TURN === PER_TURN - 1) await pause(TURN_MS);
}
delay.disable();
const { lost } = await audit.close();
if (lost > 0) problems.push(`lost ${lost}`);
process.stdout.write(`${JSON.stringify({ problems, delayP99Ms: delay.percentile(99) / 1e6 })}\n`);

import { expect, onTestFinished } from "vitest";
import { type AuditLog, type AuditLogOptions, createAuditLog, type DaybookError } from "../../src/index.ts";
import type { AuditSink } from "../../src/store.ts";

export interface LogUnderTest {
  readonly audit: AuditLog;
  readonly problems: DaybookError[];
}

/** A log over one required sink, closed after the test. */
export function logOver(sink: AuditSink, options: Partial<AuditLogOptions> = {}): LogUnderTest {
  const problems: DaybookError[] = [];
  const audit = createAuditLog({
    sinks: [{ sink, required: true }],
    signals: false,
    deadlineMs: 200,
    closeDeadlineMs: 1_000,
    onProblem: (error) => problems.push(error),
    onNotice: () => undefined,
    ...options,
  }) as AuditLog;
  onTestFinished(async () => {
    await audit.close();
  });
  return { audit, problems };
}

/** accepted = written + spooled + queued + dropped. */
export function expectBalance(audit: AuditLog): void {
  const stats = audit.stats();
  for (const counters of [stats, ...Object.values(stats.sinks)]) {
    const { accepted, written, spooled, queued, dropped } = counters;
    expect({ accepted, counters }).toEqual({
      accepted: written + spooled + queued + Object.values(dropped).reduce((a, b) => a + b, 0),
      counters,
    });
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Asks until it holds; fails after five seconds. */
export async function eventually(holds: () => boolean): Promise<void> {
  const until = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > until) throw new Error(`did not come true: ${holds}`);
    await pause(5);
  }
}

/** The code a promise rejects with; undefined where it settles well. */
export async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (cause) {
    return (cause as DaybookError).code;
  }
}

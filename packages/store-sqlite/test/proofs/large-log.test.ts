import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { AuditEvent } from "@daybook/core";
import { appendEntries, uuidV7 } from "@daybook/core/store";
import { describe, expect, it } from "vitest";
import { openSqliteStore } from "../../src/index.ts";
import { bundleProgram } from "../faults/support/bundle-program.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { bookLent } from "../support/trail.ts";

/** 1,000,000 on demand. */
const ENTRIES = Number(process.env.DAYBOOK_VERIFY_ENTRIES ?? 60_000);
const MOST_BYTES = 250 * 1024 * 1024;
const BATCH = 500;

describe(`verifying ${ENTRIES} entries`, () => {
  it("takes constant memory", { timeout: 120_000 + ENTRIES }, async () => {
    const path = join(temporaryFolder(), "audit.db");
    const store = await openSqliteStore({ path, anchors: [], retention: "manual", onNotice: () => undefined });
    const start = Date.now() - ENTRIES;
    const event = (n: number): AuditEvent => ({
      id: uuidV7(start + n),
      time: new Date(start + n).toISOString(),
      type: "custom",
      action: "book.lent",
      severity: "info",
      outcome: "success",
      actor: { kind: "user", id: `reader-${n % 10_000}`, ip: "203.0.113.0" },
      data: { title: `Title ${n}`, days: n % 30 },
    });
    for (let n = 0; n < ENTRIES; n += BATCH) {
      await appendEntries(
        store,
        Array.from({ length: BATCH }, (_, k) => ({ definition: bookLent, event: event(n + k) })),
        { durable: true },
      );
    }
    await store.close();
    const program = fileURLToPath(await bundleProgram(new URL("./support/verify-program.ts", import.meta.url).href));
    const { stdout } = await promisify(execFile)(process.execPath, [program, path]);
    const { verdict, entries, findings, wallMs, cpuMs, peakBytes } = JSON.parse(stdout) as Record<string, number> & { findings: unknown };
    expect({ verdict, entries, findings }).toEqual({ verdict: "intact", entries: ENTRIES + 1, findings: [] });
    expect(peakBytes).toBeLessThan(MOST_BYTES);
    console.info(
      `${entries} entries: ${Math.round((entries! / wallMs!) * 1_000)} a second by the clock, ${Math.round((entries! / cpuMs!) * 1_000)} a second of CPU, peak ${Math.round(peakBytes! / 1_048_576)} MB`,
    );
  });
});

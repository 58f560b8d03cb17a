import type { AuditLog } from "@daybook/core";

const LONGEST_MS = 10_000;
const STEP_MS = 50;

/**
 * Lets what waits in memory and in the spool reach the store. A store that was away is tried again within a second, so what lies in the
 * spool although the store is back needs a little patience.
 * @returns how many records lie in the spool even so, because the store does not take them
 */
export async function letArrive(audit: AuditLog): Promise<number> {
  for (const end = performance.now() + LONGEST_MS; ; ) {
    await audit.flush();
    const { spooled } = audit.stats();
    if (spooled === 0 || performance.now() >= end) return spooled;
    await new Promise<void>((resolve) => setTimeout(resolve, STEP_MS));
  }
}

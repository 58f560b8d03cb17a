import type { AuditLog } from "@daybook/core";

const LONGEST_MS = 10_000;
const STEP_MS = 50;

/**
 * Waits until queued and spooled events are in the store. A store that was down is tried again within a second, so the spool can lag
 * behind a store that is up again.
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

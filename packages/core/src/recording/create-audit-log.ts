import type { BuiltInEvent } from "../events/built-in-events.ts";
import type { EventDefinition } from "../events/event-definition.ts";
import { AuditLog } from "./audit-log.ts";
import type { AuditLogOptions } from "./audit-log-options.ts";

/**
 * Opens an audit log over a store and any number of further sinks.
 * @throws {DaybookError} `BAD_OPTION`, `DUPLICATE_DEFINITION`, `SPOOL_FAILED`
 * @example
 * ```ts
 * import { createAuditLog, memoryStore, noteRecorded } from "@daybook/core";
 *
 * const audit = createAuditLog({ store: memoryStore() });
 * const receipt = audit.record(noteRecorded, { data: { note: "The reading room opens." } });
 * await receipt.stored;
 * await audit.close();
 * ```
 */
export function createAuditLog<const C extends readonly EventDefinition[] = readonly []>(
  options: AuditLogOptions<C>,
): AuditLog<C[number] | BuiltInEvent> {
  return new AuditLog(options);
}

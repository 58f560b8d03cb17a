import type { Denial } from "../context/request-context.ts";
import { permissionDenied } from "../events/built-in-events.ts";
import type { EventDefinition } from "../events/event-definition.ts";
import type { AuditLog } from "../recording/audit-log.ts";
import { denialFields } from "../recording/denial.ts";
import type { AnyRecordFields } from "../recording/record-fields.ts";
import type { HttpExchange } from "./http-exchange.ts";

/**
 * The audit log of one request: `request.audit` in a framework. Its records belong to this request even if a library lost the async
 * context.
 */
export interface RequestAudit {
  readonly log: AuditLog;
  /** As `AuditLog.record`. */
  readonly record: AuditLog["record"];
  /** As `AuditLog.deny`. */
  deny(denial?: Denial): void;
}

/**
 * Makes the audit log of one request.
 * @example
 * ```ts
 * import { memoryStore, createAuditLog, requestAudit, settingChanged } from "@daybook/core";
 * import type { HttpExchange } from "@daybook/core/http";
 *
 * const audit = createAuditLog({ store: memoryStore() });
 * function rename(exchange: HttpExchange<unknown>) {
 *   requestAudit(exchange).record(settingChanged, { data: { setting: "name", from: "Old", to: "New" } });
 * }
 * void [audit, rename];
 * ```
 */
export function requestAudit<Request>(exchange: HttpExchange<Request>): RequestAudit {
  const { log } = exchange;
  return {
    log,
    record: (definition: EventDefinition, ...[fields]: [AnyRecordFields?]) =>
      log.recordWith(definition, fields ?? {}, { context: exchange }),
    deny(denial = {}) {
      if (!exchange.deny(denial)) log.recordWith(permissionDenied, denialFields(denial), { context: exchange });
    },
  };
}

import type { Denial } from "../context/request-context.ts";
import { permissionDenied } from "../events/built-in-events.ts";
import type { EventDefinition } from "../events/event-definition.ts";
import type { AuditLog } from "../recording/audit-log.ts";
import { denialFields } from "../recording/denial.ts";
import type { AnyRecordFields } from "../recording/record-fields.ts";
import type { HttpExchange } from "./http-exchange.ts";

/**
 * The audit log as one request sees it, the `audit` of a framework's request: what it records belongs to this request, also where
 * a library has lost the async context on the way.
 */
export interface RequestAudit {
  readonly log: AuditLog;
  /** As `AuditLog.record`. */
  readonly record: AuditLog["record"];
  /** As `AuditLog.deny`. */
  deny(denial?: Denial): void;
}

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

import type { SinkEntry } from "@daybook/core/store";
import { type KeyValue, keyValues } from "./any-value.ts";
import { type LogRecord, logRecord } from "./log-record.ts";

/** Body of a request in the JSON form of OTLP (opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest). */
export interface ExportRequest {
  readonly resourceLogs: readonly ResourceLogs[];
}

interface ResourceLogs {
  readonly resource: { readonly attributes: readonly KeyValue[]; readonly droppedAttributesCount: 0 };
  readonly scopeLogs: readonly [{ readonly scope: { readonly name: string }; readonly logRecords: readonly LogRecord[] }];
}

/** Events in their order, grouped by the service and instance that wrote them. */
export function exportRequest(entries: readonly SinkEntry[], resource: Readonly<Record<string, string>>): ExportRequest {
  const groups = Map.groupBy(entries, ({ event }) => `${event.service ?? ""} ${event.instance ?? ""}`);
  return {
    resourceLogs: Array.from(groups.values(), (group) => {
      const { service, instance } = group[0]?.event ?? {};
      // `service.name` is required; OpenTelemetry specifies `unknown_service` as its fallback.
      const attributes = { "service.name": service ?? "unknown_service:node", "service.instance.id": instance, ...resource };
      return {
        resource: { attributes: keyValues(attributes), droppedAttributesCount: 0 },
        scopeLogs: [{ scope: { name: "@daybook/otlp" }, logRecords: group.map(({ event, definition }) => logRecord(event, definition)) }],
      };
    }),
  };
}

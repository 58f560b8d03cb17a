import { type AuditEvent, defineEvent, type EventDefinition } from "@daybook/core";
import type { SinkEntry } from "@daybook/core/store";
import { z } from "zod";
import type { LogRecord } from "../../src/log-record.ts";

export const bookUploaded = defineEvent({
  type: "ingestion",
  action: "book.uploaded",
  resourceId: "impersonal",
  data: z.object({
    bytes: z.number(),
    chapters: z.array(z.string()),
    reader: z.object({ name: z.string() }),
    nested: z.object({}).loose(),
  }),
  personal: ["reader.name"],
});

export const undeclared = defineEvent({ type: "custom", action: "note.taken", data: z.object({ note: z.string() }) });

let counted = 0;

/** An event as the recorder makes it, numbered through its time. */
export function entry(fields: Partial<AuditEvent> = {}, definition: EventDefinition = undeclared): SinkEntry {
  const n = counted++;
  return {
    definition,
    event: {
      id: `01900000-0000-7000-8000-${String(n).padStart(12, "0")}`,
      time: new Date(1_764_000_000_000 + n).toISOString(),
      type: definition.type,
      action: definition.action,
      severity: definition.severity,
      outcome: definition.outcome,
      actor: { kind: "system" },
      ...fields,
    },
  };
}

export const entries = (count: number): SinkEntry[] => Array.from({ length: count }, () => entry());

export const idsIn = (records: readonly LogRecord[]): string[] =>
  records.map(({ attributes }) => (attributes.find(({ key }) => key === "daybook.event.id")!.value as { stringValue: string }).stringValue);
export const idsOf = (batch: readonly SinkEntry[]): string[] => batch.map(({ event }) => event.id);

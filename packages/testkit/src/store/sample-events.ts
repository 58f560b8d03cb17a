import { type AuditEvent, defineEvent, type EventDefinition } from "@daybook/core";
import type { SinkEntry } from "@daybook/core/store";

/** Definition of the events of the suites. It belongs to no application. */
export const sampleRecorded: EventDefinition = defineEvent({
  type: "sample",
  action: "sample.recorded",
  personal: ["who"],
  retention: 1,
  description: "An event of the conformance suites.",
});

let made = 0;
let lastMs = 0;

/** Ids ascend as those of a log do: UUIDv7 with a counter in place of chance. */
function nextId(at: number): string {
  lastMs = Math.max(lastMs, at);
  const time = lastMs.toString(16).padStart(12, "0");
  const counter = (++made).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${counter}`;
}

/** One event as a log gives it to a sink, with the given fields and defaults for all others. */
export function sampleEntry(
  fields: Partial<Omit<AuditEvent, "id">> & { readonly id?: string } = {},
  definition: EventDefinition = sampleRecorded,
): SinkEntry {
  const at = Date.now();
  return {
    definition,
    event: {
      id: nextId(at),
      time: new Date(at).toISOString(),
      type: definition.type,
      action: definition.action,
      severity: definition.severity,
      outcome: definition.outcome,
      actor: { kind: "system" },
      ...fields,
    },
  };
}

/** Events that differ in `data.n` only. */
export const numbered = (from: number, count: number): SinkEntry[] =>
  Array.from({ length: count }, (_, i) => sampleEntry({ data: { n: from + i } }));

export const idsOf = (entries: readonly SinkEntry[]): string[] => entries.map(({ event }) => event.id);

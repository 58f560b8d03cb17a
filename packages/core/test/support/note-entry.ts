import { type AuditEvent, noteRecorded } from "../../src/index.ts";
import { uuidV7 } from "../../src/recording/uuid-v7.ts";
import type { SinkEntry } from "../../src/store.ts";

/** A note as a log gives it to a sink, with what the test cares about. */
export const noteEntry = (fields: Partial<AuditEvent> = {}): SinkEntry => ({
  definition: noteRecorded,
  event: {
    id: uuidV7(Date.now()),
    time: new Date().toISOString(),
    type: "custom",
    action: "note.recorded",
    severity: "info",
    outcome: "success",
    actor: { kind: "system" },
    ...fields,
  },
});

import { defineEvent } from "./event-definition.ts";
import { payloadShape } from "./payload-shape.ts";

/**
 * Records of the trail about itself. No request waits for them: if the store is down, they go to the spool. Times in their payload
 * are UTC, ISO 8601 with milliseconds.
 */

/** The first record of a process. */
export const trailOpened = defineEvent({
  type: "compliance",
  action: "trail.opened",
  onStoreFailure: "spool",
  data: payloadShape({ run: "text", previous: "text?", lastSeq: "count?" }),
  personal: [],
  description: "A process began to record.",
});

/** The last record of a process, after every queued event. `exitCode` is present if the process ended without closing its log. */
export const trailClosed = defineEvent({
  type: "compliance",
  action: "trail.closed",
  delivery: "background",
  onStoreFailure: "spool",
  data: payloadShape({ run: "text", cause: "text", exitCode: "number?" }),
  personal: [],
  description: "A process ended its recording in good order.",
});

/** Events are missing or late. `lost` is absent if their number cannot be known. */
export const trailGap = defineEvent({
  type: "compliance",
  action: "trail.gap",
  severity: "error",
  outcome: "failure",
  onStoreFailure: "spool",
  data: payloadShape({
    cause: "text",
    start: "text",
    end: "text",
    lost: "count?",
    spooled: "count?",
    byType: "object?",
    lastSeq: "count?",
    run: "text?",
  }),
  personal: [],
  description: "Events between two times are missing or came late.",
});

/** The clock of the server stepped by `byMs` milliseconds. */
export const clockJumped = defineEvent({
  type: "compliance",
  action: "clock.jumped",
  severity: "warning",
  onStoreFailure: "spool",
  data: payloadShape({ byMs: "number", before: "text", after: "text" }),
  personal: [],
  description: "The clock of the server was set, or the machine slept: times before and after cannot be compared.",
});

/** An emergency began: no event blocks an operation, and events that the store does not take go to the spool. */
export const glassBroken = defineEvent({
  type: "admin_action",
  action: "break_glass.opened",
  severity: "critical",
  onStoreFailure: "spool",
  data: payloadShape({ reason: "text" }),
  description: "An emergency began: operations go on even if they cannot be recorded at once.",
});

/** The emergency ended. */
export const glassRestored = defineEvent({
  type: "admin_action",
  action: "break_glass.closed",
  severity: "warning",
  onStoreFailure: "spool",
  data: payloadShape({ reason: "text" }),
  description: "The emergency ended: operations that cannot be recorded are refused again.",
});

export const TRAIL_EVENTS = [trailOpened, trailClosed, trailGap, clockJumped, glassBroken, glassRestored] as const;

export const FAILURE_POLICIES = ["block", "spool", "continue"] as const;

/**
 * What happens when the store does not take an event. `block`: who waits for the event is told that it failed; a request is answered
 * 503. `spool`: the event goes to a file on disk and reaches the store later; who waits goes on once it is on disk. `continue`: who
 * waits goes on at the deadline, and the event, if it cannot be kept in memory, is dropped and counted.
 */
export type FailurePolicy = (typeof FAILURE_POLICIES)[number];

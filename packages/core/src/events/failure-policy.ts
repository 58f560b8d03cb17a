/** All failure policies. */
export const FAILURE_POLICIES = ["block", "spool", "continue"] as const;

/**
 * What happens if the store does not take an event. `block`: its receipt rejects, and the request gets 503. `spool`: the event is
 * written to a file on disk and reaches the store later; its receipt settles as soon as the file has it. `continue`: the operation
 * goes on at the deadline. An event that memory cannot keep is dropped and counted.
 */
export type FailurePolicy = (typeof FAILURE_POLICIES)[number];

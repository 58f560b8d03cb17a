/** Outcomes of an event. A request that the client aborted is `partial`, never a false success. */
export const OUTCOMES = ["success", "failure", "denied", "partial"] as const;

/** One of `OUTCOMES`. */
export type Outcome = (typeof OUTCOMES)[number];

/** `partial` is also the outcome of a request the client gave up: never a false success. */
export const OUTCOMES = ["success", "failure", "denied", "partial"] as const;

export type Outcome = (typeof OUTCOMES)[number];

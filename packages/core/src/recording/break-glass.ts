import type { FailurePolicy } from "../events/failure-policy.ts";

/** The emergency in which no event blocks an operation. */
export class BreakGlass {
  #broken: { readonly reason: string } | undefined;
  readonly #hasSpool: boolean;

  constructor(hasSpool: boolean) {
    this.#hasSpool = hasSpool;
  }

  /** The failure policy of an event, as the emergency changes it. */
  policy(policy: FailurePolicy): FailurePolicy {
    if (this.#broken === undefined || policy !== "block") return policy;
    return this.#hasSpool ? "spool" : "continue";
  }

  /** Begins an emergency. The returned function ends it, and returns false if another emergency has taken its place. */
  begin(reason: string): () => boolean {
    const broken = { reason };
    this.#broken = broken;
    return () => {
      if (this.#broken !== broken) return false;
      this.#broken = undefined;
      return true;
    };
  }
}

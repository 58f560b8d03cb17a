/** Whom a detachable part is about; a context part belongs to everyone in the event. The head has no role. */
export type PartRole = "actor" | "subject" | "target" | "context";

/** One part of an event: canonical JSON, not yet committed to. */
export interface SplitPart {
  readonly role?: PartRole;
  /** Pseudonym of the person, where the part is about a known one. */
  readonly sub?: string;
  readonly text: string;
}

/** An event taken apart: plain data, so that a spool can keep it and a person can be removed from it there. */
export interface SplitEntry {
  /** Retention class, 1 to 255. */
  readonly class: number;
  /** The head first; the others can be detached. */
  readonly parts: readonly SplitPart[];
}

/** Role of the person a detachable part is about. A context part belongs to all persons of the event; the head has no role. */
export type PartRole = "actor" | "subject" | "target" | "context";

/** One part of an event, not yet committed to. */
export interface SplitPart {
  /** Absent for the head. */
  readonly role?: PartRole;
  /** Pseudonym of the person, if the part is about a known one. */
  readonly sub?: string;
  /** Canonical JSON. */
  readonly text: string;
}

/** An event split into parts. It is plain data, so a spool can store it and erase a person from it. */
export interface SplitEntry {
  /** Retention class, 1 to 255. */
  readonly class: number;
  /** The head first; all other parts are detachable. */
  readonly parts: readonly SplitPart[];
}

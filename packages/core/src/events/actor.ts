import type { JsonObject } from "../json.ts";

export const ACTOR_KINDS = ["user", "service", "system", "anonymous", "ai_agent"] as const;

export type ActorKind = (typeof ACTOR_KINDS)[number];

/** Who did it. */
export interface Actor {
  readonly kind: ActorKind;
  /** As the application knows the person, 1 to 512 characters, no case folding, no trimming. */
  readonly id?: string;
  /** A credential: stores keep a keyed digest of it only. */
  readonly sessionId?: string;
  /** Cut to /24 or /48 unless the policy of the event's type says `full`. */
  readonly ip?: string;
  /** Product and major version, never the whole header. */
  readonly userAgent?: string;
  /** Facts about the person, erased with the person. */
  readonly about?: JsonObject;
}

/** Another person an event is about: "who looked at my data?" must be answerable. */
export interface Subject {
  readonly id: string;
  /** `subject`: the data was about this person. `target`: something was done to this person. Default `subject`. */
  readonly role?: "subject" | "target";
  readonly about?: JsonObject;
}

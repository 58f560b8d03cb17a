import type { JsonObject } from "../json.ts";

/** Kinds of actor. */
export const ACTOR_KINDS = ["user", "service", "system", "anonymous", "ai_agent"] as const;

/** One of `ACTOR_KINDS`. */
export type ActorKind = (typeof ACTOR_KINDS)[number];

/** The person or program that acted. */
export interface Actor {
  readonly kind: ActorKind;
  /** Id under which the application knows the person: 1 to 512 characters, neither trimmed nor changed in case. */
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

/** Another person an event is about, so that "who looked at my data?" has an answer. */
export interface Subject {
  readonly id: string;
  /** `subject`: the data was about this person. `target`: something was done to this person. Default `subject`. */
  readonly role?: "subject" | "target";
  readonly about?: JsonObject;
}

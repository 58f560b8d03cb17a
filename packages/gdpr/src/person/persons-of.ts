import { currentContext } from "@daybook/core";

/**
 * The persons of a record about one person: the actor of the context acts, and the person is its subject if another one acts.
 * @param actsElse the actor outside of a context: the person (`self`), or the system
 */
export function personsOf(userId: string, actsElse: "self" | "system") {
  const outside = actsElse === "self" ? { kind: "user" as const, id: userId } : { kind: "system" as const };
  const actor = currentContext()?.actor() ?? outside;
  return actor.id === userId ? { actor } : { actor, subjects: [{ id: userId }] };
}

/** The persons of a decision. A person decides alone unless `by` names another one, whatever actor the context has. */
export function personsOfDecision(userId: string, by: string) {
  if (by !== "self") return personsOf(userId, "system");
  const actor = currentContext()?.actor();
  return { actor: actor?.id === userId ? actor : { kind: "user" as const, id: userId } };
}

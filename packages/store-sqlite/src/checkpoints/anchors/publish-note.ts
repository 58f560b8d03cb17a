import { addCosignatures } from "@daybook/ledger";
import type { Anchor, PublishContext } from "./anchor.ts";

/** What came of publishing one note. */
export interface Published {
  /** The note with the signatures that were added. */
  readonly note: string;
  /** Names of the anchors that hold it. */
  readonly reached: readonly string[];
  readonly failures: readonly AnchorFailure[];
}

export interface AnchorFailure {
  readonly anchor: string;
  readonly error: unknown;
}

/**
 * Publishes a note to all anchors: to those that cosign first, so that the others get what these have added. One that fails keeps
 * none of the others from being reached.
 */
export async function publishNote(note: string, anchors: readonly Anchor[], context: PublishContext): Promise<Published> {
  const reached: string[] = [];
  const failures: AnchorFailure[] = [];
  let signed = note;
  for (const cosigns of [true, false]) {
    const asked = anchors.filter((anchor) => (anchor.cosigns ?? false) === cosigns);
    const answers = await Promise.allSettled(asked.map(async (anchor) => anchor.publish(signed, context)));
    const lines: string[] = [];
    for (const [i, answer] of answers.entries()) {
      const { name } = asked[i]!;
      if (answer.status === "rejected") failures.push({ anchor: name, error: answer.reason });
      else {
        reached.push(name);
        lines.push(...(answer.value ?? []));
      }
    }
    if (lines.length > 0) signed = addCosignatures(signed, lines);
  }
  return { note: signed, reached, failures };
}

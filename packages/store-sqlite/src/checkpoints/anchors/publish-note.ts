import { addCosignatures } from "@daybook/ledger";
import type { Anchor, PublishContext } from "./anchor.ts";

/** Result of the publication of one note. */
export interface Published {
  /** The note with all added signatures. */
  readonly note: string;
  /** Names of the anchors that hold it. */
  readonly reached: readonly string[];
  /** Anchors that do not hold it, each with the error. */
  readonly failures: readonly AnchorFailure[];
}

/** A failed publication at one anchor. */
export interface AnchorFailure {
  readonly anchor: string;
  readonly error: unknown;
}

/**
 * Publishes a note to all anchors. Cosigning anchors come first, so that the others get the added signatures. A
 * failing anchor does not stop the others.
 */
export async function publishNote(note: string, anchors: readonly Anchor[], context: PublishContext): Promise<Published> {
  const reached: string[] = [];
  const failures: AnchorFailure[] = [];
  let signed = note;
  for (const cosigns of [true, false]) {
    const asked = anchors.filter((anchor) => (anchor.cosigns ?? false) === cosigns);
    const results = await Promise.allSettled(asked.map(async (anchor) => anchor.publish(signed, context)));
    const lines: string[] = [];
    for (const [i, result] of results.entries()) {
      const name = asked[i]?.name ?? "";
      if (result.status === "rejected") failures.push({ anchor: name, error: result.reason });
      else {
        reached.push(name);
        lines.push(...(result.value ?? []));
      }
    }
    if (lines.length > 0) signed = addCosignatures(signed, lines);
  }
  return { note: signed, reached, failures };
}

import type { ClassPolicy, Policy } from "../entry/entry-class.ts";
import { CLASS } from "../entry/entry-class.ts";
import type { PartRole } from "../entry/split-entry.ts";
import { SlotSet } from "./slot-set.ts";

/** A part that may have to go: of the person who asks, or the context part of an entry in which the person occurs. */
export interface FoundPart {
  readonly seq: number;
  readonly part: number;
  /** Class of the entry. */
  readonly class: number;
  readonly role: PartRole;
  /** Pseudonym in the part; for a context part, which belongs to everyone in the event, those of all persons of the entry. */
  readonly subs: readonly string[];
  /** `late` or else `ts` of the entry, to say until when what is kept stays. */
  readonly time?: string;
}

/** What lies in its scope is neither erased nor expired. A scope without any of its fields covers everything. */
export interface HoldScope {
  readonly sub?: string;
  readonly class?: number;
  readonly fromSeq?: number;
  readonly toSeq?: number;
  /** Article and sentence, or law. */
  readonly ground: string;
}

export interface KeptPart extends FoundPart {
  /** Why: the ground of the class or of the hold. */
  readonly ground: string;
  /** ISO date on which retention removes it; absent where a hold decides, or the end of a consent that is not known here. */
  readonly until?: string;
}

export interface PlannedErasure {
  readonly erase: readonly FoundPart[];
  readonly keep: readonly KeptPart[];
  /** The slots of `erase`. */
  readonly gone: SlotSet;
}

const DAY_MS = 86_400_000;

/**
 * Decides for each part of a person whether a request removes it: by the policy of its class, its role, and the holds. A context part
 * goes with the first person of its event that is erased.
 * @param found in any order
 */
export function planErasure(found: readonly FoundPart[], policy: Policy, holds: readonly HoldScope[] = []): PlannedErasure {
  const erase: FoundPart[] = [];
  const keep: KeptPart[] = [];
  const gone = new SlotSet();
  const erasedIn = new Set<number>();
  const decide = (part: FoundPart, rule: "erase" | "keep") => {
    const hold = holds.find((scope) => holdCovers(scope, part));
    if (hold !== undefined) keep.push({ ...part, ground: hold.ground });
    else if (rule === "keep") keep.push({ ...part, ground: policy[part.class]?.ground ?? "", ...until(part, policy[part.class]) });
    else {
      erase.push(part);
      gone.add(part.part, part.seq);
      erasedIn.add(part.seq);
    }
  };
  for (const part of found) if (part.role !== "context") decide(part, ruleOf(part, policy));
  for (const part of found) if (part.role === "context") decide(part, erasedIn.has(part.seq) ? ruleOf(part, policy) : "keep");
  return { erase, keep, gone };
}

function ruleOf({ class: entryClass, role }: FoundPart, policy: Policy): "erase" | "keep" {
  // Lists of slots are context parts too; without them absences could not be explained.
  if (entryClass === CLASS.ledger) return "keep";
  const rules = policy[entryClass];
  // A class whose policy nobody recorded: on the person's side.
  if (rules === undefined) return "erase";
  return role === "actor" ? rules.actor : rules.others;
}

/** Whether a hold covers a part. */
export function holdCovers(
  { sub, class: entryClass, fromSeq, toSeq }: HoldScope,
  part: Pick<FoundPart, "seq" | "class" | "subs">,
): boolean {
  return (
    (sub === undefined || part.subs.includes(sub)) &&
    (entryClass === undefined || part.class === entryClass) &&
    (fromSeq === undefined || part.seq >= fromSeq) &&
    (toSeq === undefined || part.seq <= toSeq)
  );
}

function until({ class: entryClass, time }: FoundPart, rules: ClassPolicy | undefined): { until?: string } {
  const end = Date.parse(time ?? "") + (rules?.persons_days ?? Number.NaN) * DAY_MS;
  // Nobody has recorded when a consent ended here, and a time of no meaning has no end either.
  if (entryClass === CLASS.consent || !(Math.abs(end) <= 8.64e15)) return {};
  return { until: new Date(end).toISOString().slice(0, 10) };
}

import type { ClassPolicy, Policy } from "../entry/entry-class.ts";
import { CLASS } from "../entry/entry-class.ts";
import type { PartRole } from "../entry/split-entry.ts";
import { SlotSet } from "./slot-set.ts";

/** A part to decide on: of the person that asks, or the context part of an entry that names the person. */
export interface FoundPart {
  /** Sequence number of the entry. */
  readonly seq: number;
  /** Number of the part, at least 1. */
  readonly part: number;
  /** Retention class of the entry. */
  readonly class: number;
  /** Role of the person, or `context`. */
  readonly role: PartRole;
  /** Pseudonym in the part. For a context part: the pseudonyms of all persons of the entry. */
  readonly subs: readonly string[];
  /** `late` or else `ts` of the entry, which dates the end of the retention period. Default: no end is stated. */
  readonly time?: string;
}

/** Scope of a legal hold: parts in it are neither erased nor expired. A scope without any field but the ground covers all parts. */
export interface HoldScope {
  /** Pseudonym of a person. Default: all persons. */
  readonly sub?: string;
  /** Retention class. Default: all classes. */
  readonly class?: number;
  /** First sequence number. Default: 0. */
  readonly fromSeq?: number;
  /** Last sequence number, inclusive. Default: no end. */
  readonly toSeq?: number;
  /** Legal ground: article and sentence, or law. */
  readonly ground: string;
}

/** A part that a request does not remove. */
export interface KeptPart extends FoundPart {
  /** Legal ground of the class or of the hold; empty if the policy states none. */
  readonly ground: string;
  /** Date on which retention removes it, `YYYY-MM-DD`; absent under a hold, in class 4 and without a time. */
  readonly until?: string;
}

/** The decision for each part. */
export interface PlannedErasure {
  /** Parts to remove. */
  readonly erase: readonly FoundPart[];
  /** Parts to keep, with the ground. */
  readonly keep: readonly KeptPart[];
  /** The slots of `erase`. */
  readonly gone: SlotSet;
}

const DAY_MS = 86_400_000;

/**
 * Decides which parts of a person an erasure request removes (GDPR Art. 17): by the policy of the class, the role, and the legal holds. A
 * context part is removed with the first part of a person in its entry.
 * @param found parts in any order
 * @param policy a class without rules in it is erased
 * @param holds legal holds, which overrule the policy. Default: none
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
  // Lists of slots are context parts too, and absences could not be explained without them.
  if (entryClass === CLASS.ledger) return "keep";
  const rules = policy[entryClass];
  // Without a recorded policy for the class, the person's request decides.
  if (rules === undefined) return "erase";
  return role === "actor" ? rules.actor : rules.others;
}

/** True if a legal hold covers a part. */
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
  // The end of a consent is not known here, and an unreadable time has no end either.
  if (entryClass === CLASS.consent || !(Math.abs(end) <= 8.64e15)) return {};
  return { until: new Date(end).toISOString().slice(0, 10) };
}

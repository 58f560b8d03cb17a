import { type ConsentRecord, DAY_MS, defined } from "@daybook/core/store";
import type { ConsentStatus } from "./consent-options.ts";
import type { Purpose } from "./purpose.ts";

/** Default of `Purpose.askAgainAfterDays`: about half a year. */
export const DEFAULT_ASK_AGAIN_DAYS = 180;

/** True while a decision gives consent, whether or not its time is over. */
export const isOpen = (last: ConsentRecord | undefined): last is ConsentRecord =>
  last !== undefined && last.endedAt === undefined && last.state !== "refused";

/** State of a consent, from the last decision and from the store's word whether it is in force. */
export function consentStatus(purpose: Purpose, last: ConsentRecord | undefined, inForce: boolean, now: number): ConsentStatus {
  const quietDays = purpose.askAgainAfterDays ?? DEFAULT_ASK_AGAIN_DAYS;
  const quietUntil = last?.state === "refused" ? Date.parse(last.decidedAt) + quietDays * DAY_MS : 0;
  return { ...defined({ purpose, state: stateOf(last, inForce, now), inForce, last }), mayAsk: !inForce && now >= quietUntil };
}

function stateOf(last: ConsentRecord | undefined, inForce: boolean, now: number): ConsentStatus["state"] {
  if (last === undefined) return "none";
  if (!isOpen(last) || inForce) return last.state;
  const ranOut = last.validUntil !== undefined && Date.parse(last.validUntil) <= now;
  return ranOut ? "expired" : "reconsent_needed";
}

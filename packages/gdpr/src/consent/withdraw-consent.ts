import { type AuditLog, DaybookError, type EventDefinition } from "@daybook/core";
import { type AuditStore, type ConsentRecord, type ConsentStore, consentWithdrawn, defined, type JournalStore } from "@daybook/core/store";
import { purgeJournals } from "../journal/journal-registry.ts";
import { checkPersonId } from "../person/identity.ts";
import { personsOfDecision } from "../person/persons-of.ts";
import { CONSENT_METHODS, type WithdrawOptions } from "./consent-options.ts";
import { isOpen } from "./consent-status.ts";

/** The trail in which a consent ends. */
export interface ConsentTrail {
  /** The audit trail that has the consent. */
  readonly audit: AuditLog;
  /** The store of that audit trail. */
  readonly store: AuditStore & ConsentStore & JournalStore;
}

/**
 * Withdraws a consent with nothing but the person and the purpose: no purposes and no notices are published or looked up. It works
 * for a purpose that the application no longer has, and while `createConsent` refuses its texts. Drops queued journal entries of the
 * purpose, records the withdrawal and deletes the journal of the purpose, then resolves. Repeating it changes nothing.
 * @returns the consent that ended, undefined if there was none
 * @throws {DaybookError} `CONSENT_BUNDLED`, `BAD_OPTION`
 * @example
 * ```ts
 * import { createAuditLog } from "@daybook/core";
 * import { withdrawConsent } from "@daybook/gdpr";
 * import { openSqliteStore } from "@daybook/store-sqlite";
 *
 * const store = await openSqliteStore({ path: "data/audit.db" });
 * const audit = createAuditLog({ store });
 * const ended = await withdrawConsent("u-7", "personal_diary", { audit, store, method: "ui" });
 * console.log(ended?.state ?? "there was no consent");
 * ```
 */
export async function withdrawConsent(
  userId: string,
  purpose: string,
  { audit, store, method, what = "withdrawn", by = "self" }: ConsentTrail & WithdrawOptions,
): Promise<ConsentRecord | undefined> {
  checkOnePurpose(purpose);
  checkMethod(method);
  return endConsent({ audit, store }, consentWithdrawn, userId, purpose, { method, act: what, by });
}

/** Ends the open consent of a person for a purpose, with a record that names how. */
export async function endConsent(
  { audit, store }: ConsentTrail,
  definition: EventDefinition,
  userId: string,
  only: string,
  how: { readonly method?: string; readonly act: string; readonly by: string },
): Promise<ConsentRecord | undefined> {
  checkPersonId(userId);
  purgeJournals(store, userId, only);
  const last = (await store.consentsOf(userId)).findLast((record) => record.purpose === only);
  if (!isOpen(last)) return undefined;
  const { consent, record, purpose, version, epoch } = last;
  const data = defined({ purpose, consent, record, version, epoch: epoch + 1, ...how });
  await audit.recordWith(definition, { ...personsOfDecision(userId, how.by), data }, {}).stored;
  return (await store.consentsOf(userId)).find((ended) => ended.consent === consent);
}

/** One record has one purpose. @throws {DaybookError} `CONSENT_BUNDLED` */
export function checkOnePurpose(purpose: unknown): void {
  if (typeof purpose === "string" && !purpose.includes(",")) return;
  throw new DaybookError("CONSENT_BUNDLED", "Ask for each purpose by itself: one record, one purpose (GDPR, recitals 32 and 43).");
}

/** @throws {DaybookError} `BAD_OPTION` */
export function checkMethod(method: unknown): void {
  if (!(CONSENT_METHODS as readonly unknown[]).includes(method))
    throw new DaybookError("BAD_OPTION", `\`method\` is one of ${CONSENT_METHODS.join(", ")}.`);
}

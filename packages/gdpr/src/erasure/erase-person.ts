import { type AuditLog, currentContext, DaybookError, trailRead } from "@daybook/core";
import {
  type AuditStore,
  type ConsentStore,
  defined,
  type EraseOptions,
  type ErasurePlan,
  type ErasureResult,
  type ErasureStore,
  type JournalStore,
  type ReceiptStore,
  type RequestStore,
  requestMoved,
} from "@daybook/core/store";
import type { Recipient } from "../export/privacy-information.ts";
import { purgeJournals } from "../journal/journal-registry.ts";
import { checkIdentity, checkPersonId, type IdentityProof } from "../person/identity.ts";
import { letArrive } from "../person/waiting-records.ts";
import {
  type IssuedReceipt,
  issueReceipt,
  personCommitment,
  planDigest,
  provenSince,
  receiptLines,
  throwawayKey,
} from "./erasure-receipt.ts";

/** A store that keeps consents, journals, requests and receipts, and from which a person can be erased. */
export type ErasableStore = AuditStore &
  ConsentStore &
  JournalStore &
  RequestStore &
  ErasureStore &
  ReceiptStore & { readonly origin?: string };

/** True for a store that keeps consents, journals and requests and can erase a person; a store says so in `supports.persons`. */
export const keepsPersons = (store: AuditStore | undefined): store is ErasableStore => store?.supports.persons === true;

/** Options of `erasePerson`. */
export interface ErasePersonOptions extends IdentityProof, Omit<EraseOptions, "suppressUnknown"> {
  /** The audit trail that has the person's data. */
  readonly audit: AuditLog;
  /** The store of that audit trail. */
  readonly store: ErasableStore;
  /** Must be true: an erasure cannot be undone. */
  readonly confirm: boolean;
  /** Key of receipts, 32 bytes. Default: a new key that is not kept, so that no receipt can be linked to its person. */
  readonly receiptKey?: Uint8Array | undefined;
  /** Other receivers of the data, for the receipt (Art. 19). Default: none. */
  readonly recipients?: readonly Recipient[] | undefined;
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

/** Result of `erasePerson`. */
export interface ErasedPerson {
  /** What the store removed, with the plan that it carried out. */
  readonly result: ErasureResult;
  /** The receipt for the person. */
  readonly issued: IssuedReceipt;
}

/** True if the trail holds nothing of the person: no part, no journal entry and no consent. */
export const isEmptyPlan = ({ erase, keep, journal, consents }: ErasurePlan): boolean => erase + keep + journal + consents.length === 0;

/**
 * Returns what `erasePerson` would do, and changes nothing. The look is recorded, without the person.
 * @throws {DaybookError} `PERSON_UNKNOWN`, `BAD_OPTION`
 */
export async function planErasureOf(userId: string, { audit, store }: Pick<ErasePersonOptions, "audit" | "store">): Promise<ErasurePlan> {
  checkPersonId(userId);
  await letArrive(audit);
  const plan = await store.planErasure(userId);
  await audit.record(trailRead, { data: { verb: "gdpr erase (plan)", records: plan.erase + plan.keep } }).stored;
  if (isEmptyPlan(plan)) throw unknownPerson();
  return plan;
}

/**
 * Erases one person (GDPR, Art. 17): parts of the trail that no ground keeps, the journal, consents in force, and the person's parts of
 * queued and spooled events. Ends with a signed receipt that names no person. After a crash, call it again: it continues.
 * @throws {DaybookError} `NOT_CONFIRMED`, `IDENTITY_UNVERIFIED`, `PERSON_UNKNOWN`, `REQUEST_UNKNOWN`, `REQUEST_STATE`, `BAD_OPTION`
 * @example
 * ```ts
 * import { createAuditLog } from "@daybook/core";
 * import { erasePerson } from "@daybook/gdpr";
 * import { openSqliteStore } from "@daybook/store-sqlite";
 *
 * const store = await openSqliteStore({ path: "data/audit.db" });
 * const audit = createAuditLog({ store });
 * const verification = { method: "operator", confirmed: true } as const;
 * const { result, issued } = await erasePerson("u-7", { audit, store, confirm: true, verification });
 * console.log(result.state, issued.note);
 * ```
 */
export async function erasePerson(userId: string, options: ErasePersonOptions): Promise<ErasedPerson> {
  const {
    audit,
    store,
    confirm,
    receiptKey = throwawayKey(),
    recipients = [],
    clock,
    basis = ["request"],
    scope,
    queue,
    backupDays,
  } = options;
  const now = () => clock?.now() ?? Date.now();
  if (confirm !== true) throw new DaybookError("NOT_CONFIRMED", "An erasure cannot be undone: look at the plan, then confirm.");
  const request = await checkIdentity(store, userId, options);
  const startedAt = new Date(now()).toISOString();
  const actor = currentContext()?.actor();
  const operator = actor === undefined ? "system" : actor.id === userId ? "self" : (actor.id ?? actor.kind);

  // Queued events are stored first, so that none of them brings the person back after the erasure.
  await letArrive(audit);
  for (const { purpose } of await store.purposes()) purgeJournals(store, userId, purpose);
  await audit.forgetSpooled([userId]);
  // The store counts the plan in the transaction that carries it out. A plan counted here could be older than the removal.
  const result = await store.erase(userId, { ...defined({ basis, scope, queue, backupDays }), suppressUnknown: false });
  if (isEmptyPlan(result.plan)) throw unknownPerson();
  const issued = await issueReceipt(
    audit,
    store,
    {
      log: store.origin ?? store.name,
      ...defined({ request: request?.request, run: result.run, reason: result.reason }),
      commitment: personCommitment(receiptKey, userId),
      planSha256: planDigest(result.plan),
      startedAt,
      finishedAt: new Date(now()).toISOString(),
      basis,
      state: result.state,
      lines: receiptLines(result.plan),
      manifests: result.manifests,
      recipients,
      backupsUntil: result.backupsUntil,
      operator,
    },
    now(),
  );
  if (request !== undefined)
    await audit.record(requestMoved, { actor: { kind: "system" }, data: { request: request.request, state: "approved" } }).stored;
  return { result, issued };
}

/**
 * Tries again to remove the bytes of pending erasures. Each pending receipt whose erasure is now proven gets a new receipt that says so.
 * @returns the new receipts
 */
export async function followErasures(
  { audit, store, clock }: Pick<ErasePersonOptions, "audit" | "store" | "clock">,
  { scan = false }: { readonly scan?: boolean } = {},
): Promise<IssuedReceipt[]> {
  const runs = await store.eraseStatus({ retry: true, scan });
  const issued: IssuedReceipt[] = [];
  for (const { receipt, run } of provenSince(await store.receipts({ limit: 1_000 }), runs)) {
    const { receipt: previous, reason: _reason, ...same } = receipt;
    const finishedAt = run.proven ?? new Date(clock?.now() ?? Date.now()).toISOString();
    issued.push(await issueReceipt(audit, store, { ...same, previous, state: "proven", finishedAt }, Date.parse(finishedAt)));
  }
  return issued;
}

const unknownPerson = () => new DaybookError("PERSON_UNKNOWN", "An id has to match exactly: case, blanks and Unicode normal form count.");

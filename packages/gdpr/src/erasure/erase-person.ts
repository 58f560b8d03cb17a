import { type AuditLog, currentContext, DaybookError, trailRead } from "@daybook/core";
import {
  type AuditStore,
  type ConsentStore,
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

export type ErasableStore = AuditStore &
  ConsentStore &
  JournalStore &
  RequestStore &
  ErasureStore &
  ReceiptStore & { readonly origin?: string };

/** True for a store that keeps consents, journals and requests and can erase a person; a store says so in `supports.persons`. */
export const keepsPersons = (store: AuditStore | undefined): store is ErasableStore => store?.supports.persons === true;

export interface ErasePersonOptions extends IdentityProof, EraseOptions {
  readonly audit: AuditLog;
  readonly store: ErasableStore;
  /** Has to be true: an erasure cannot be undone. */
  readonly confirm: boolean;
  /** Key of receipts, 32 bytes. Default: one nobody keeps, so that no receipt can be linked to its person. */
  readonly receiptKey?: Uint8Array | undefined;
  /** Who else holds the data, for the receipt (Art. 19). Default: nobody. */
  readonly recipients?: readonly Recipient[] | undefined;
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

export interface ErasedPerson {
  readonly result: ErasureResult;
  readonly issued: IssuedReceipt;
}

/** True where there is nothing to erase, nothing to keep and nobody in any table. */
export const isEmptyPlan = ({ erase, keep, journal, consents }: ErasurePlan): boolean => erase + keep + journal + consents.length === 0;

/**
 * What erasing a person would do, without doing it. That somebody looked is a record; it does not say at whom.
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
 * Erases one person (GDPR, Art. 17): parts of the trail that no ground keeps, the journal, running consents, what waits in the queue
 * and in the spool. Ends with a signed receipt that names nobody. Repeating it after a crash goes on where it ended.
 * @throws {DaybookError} `NOT_CONFIRMED`, `IDENTITY_UNVERIFIED`, `PERSON_UNKNOWN`, `REQUEST_UNKNOWN`, `REQUEST_STATE`, `BAD_OPTION`
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

  // Nothing of the person may come back from what waits: first what waits goes in, then all of it goes.
  await letArrive(audit);
  const plan = await store.planErasure(userId);
  if (isEmptyPlan(plan)) throw unknownPerson();
  for (const { purpose } of await store.purposes()) purgeJournals(store, userId, purpose);
  await audit.forgetSpooled([userId]);
  const result = await store.erase(userId, {
    basis,
    ...(scope === undefined ? {} : { scope }),
    ...(queue === undefined ? {} : { queue }),
    ...(backupDays === undefined ? {} : { backupDays }),
  });
  const issued = await issueReceipt(
    audit,
    store,
    {
      log: store.origin ?? store.name,
      ...(request === undefined ? {} : { request: request.request }),
      ...(result.run === undefined ? {} : { run: result.run }),
      commitment: personCommitment(receiptKey, userId),
      planSha256: planDigest(result.plan),
      startedAt,
      finishedAt: new Date(now()).toISOString(),
      basis,
      state: result.state,
      ...(result.reason === undefined ? {} : { reason: result.reason }),
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
 * Tries again to remove what is pending, and follows each receipt that says so with one that says it is proven. Answers with the new
 * receipts.
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

const unknownPerson = () => new DaybookError("PERSON_UNKNOWN", "Ids are taken as they are: case, blanks and normal form count.");

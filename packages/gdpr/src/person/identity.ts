import { DaybookError } from "@daybook/core";
import { type DataRequest, type RequestStore, VERIFICATION_METHODS, type VerificationMethod } from "@daybook/core/store";
import { checkPersonId } from "./person-id.ts";

/** How somebody knows that the person is who they say. Only the method and its result are kept, never a document. */
export interface Verification {
  readonly method: VerificationMethod;
  readonly confirmed: boolean;
}

/** On whose word a person's data may be handed out or erased: a request of the register, or a check made just now. */
export interface IdentityProof {
  /** A request of the register whose requester was confirmed. */
  readonly request?: string;
  readonly verification?: Verification;
}

/**
 * Lets nobody through who was not checked (GDPR, Art. 12(6)).
 * @throws {DaybookError} `IDENTITY_UNVERIFIED`, `REQUEST_UNKNOWN`, `REQUEST_STATE`, `BAD_OPTION`: the id is none
 */
export async function checkIdentity(
  store: RequestStore,
  userId: string,
  { request, verification }: IdentityProof,
): Promise<DataRequest | undefined> {
  checkPersonId(userId);
  if (request === undefined) {
    if (verification?.confirmed !== true || !VERIFICATION_METHODS.includes(verification.method)) {
      throw unverified("Say with `verification` how it was checked who asks, or name a request that was verified.");
    }
    return undefined;
  }
  const found = await store.request(request);
  if (found === undefined)
    throw new DaybookError("REQUEST_UNKNOWN", `There is no request ${request}; \`daybook gdpr requests\` lists them.`);
  if (found.closedAt !== undefined) throw new DaybookError("REQUEST_STATE", `Request ${request} is closed; register a new one.`);
  if (found.verification?.confirmed !== true) throw unverified(`Nobody confirmed who made request ${request}; verify it first.`);
  if ((await store.isRequester(request, userId)) !== true) throw unverified(`Request ${request} is not of this person.`);
  return found;
}

const unverified = (hint: string) => new DaybookError("IDENTITY_UNVERIFIED", hint);

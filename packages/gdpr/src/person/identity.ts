import { DaybookError } from "@daybook/core";
import { type DataRequest, type RequestStore, VERIFICATION_METHODS, type VerificationMethod } from "@daybook/core/store";

const LONGEST_ID = 512;

/** True for an id of a person as the application has it: 1 to 512 characters, unchanged. */
export const isPersonId = (id: unknown): id is string =>
  typeof id === "string" && id !== "" && id.length <= LONGEST_ID && id.isWellFormed();

/** @throws {DaybookError} `BAD_OPTION` */
export function checkPersonId(id: unknown): void {
  if (!isPersonId(id)) throw new DaybookError("BAD_OPTION", "The id of a person is text of 1 to 512 characters.");
}

/** How the identity of a requester was checked. Only the method and its result are kept, never a document. */
export interface Verification {
  /** The way it was checked, such as `operator`. */
  readonly method: VerificationMethod;
  /** True if the requester is the person. */
  readonly confirmed: boolean;
}

/** Why a person's data may be handed out or erased: a verified request of the register, or a check made just now. */
export interface IdentityProof {
  /** A request of the register whose requester was confirmed. */
  readonly request?: string;
  /** A check made just now, if there is no request. */
  readonly verification?: Verification;
}

/**
 * Refuses a requester whose identity was not checked (GDPR, Art. 12(6)).
 * @returns the request, undefined if a check made just now stands for it
 * @throws {DaybookError} `IDENTITY_UNVERIFIED`, `REQUEST_UNKNOWN`, `REQUEST_STATE`, `BAD_OPTION` (not an id)
 */
export async function checkIdentity(
  store: RequestStore,
  userId: string,
  { request, verification }: IdentityProof,
): Promise<DataRequest | undefined> {
  checkPersonId(userId);
  if (request === undefined) {
    if (verification?.confirmed !== true || !VERIFICATION_METHODS.includes(verification.method)) {
      throw unverified("Say with `verification` how the requester was checked, or name a request that was verified.");
    }
    return undefined;
  }
  const found = await store.request(request);
  if (found === undefined)
    throw new DaybookError("REQUEST_UNKNOWN", `There is no request ${request}; \`daybook gdpr requests\` lists them.`);
  if (found.closedAt !== undefined) throw new DaybookError("REQUEST_STATE", `Request ${request} is closed; register a new one.`);
  if (found.verification?.confirmed !== true) throw unverified(`The requester of ${request} was not confirmed; verify the request first.`);
  if ((await store.isRequester(request, userId)) !== true) throw unverified(`Request ${request} is not of this person.`);
  return found;
}

const unverified = (hint: string) => new DaybookError("IDENTITY_UNVERIFIED", hint);

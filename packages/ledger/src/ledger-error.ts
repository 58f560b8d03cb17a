/** Codes of `LedgerError`, each with one sentence saying what happened. Codes are stable within a major version and never reused. */
export const LEDGER_ERRORS = {
  BAD_ENTRY: "the bytes are not an entry of this format",
  BAD_EVENT: "a field of the event has a value that cannot be recorded",
  BAD_FRONTIER: "the bytes are not the frontier of a tree of this size",
  BAD_KEYS: "the keys cannot be used",
  BAD_MANIFEST: "the entry is not a valid entry of the ledger about itself",
  BAD_NOTE: "the text is not a signed note",
  BAD_POLICY: "the policy cannot be read",
  BAD_PROOF: "the proof does not show what it claims",
  BAD_SIZE: "a tree of this size or an entry at this place cannot exist",
  BAD_VKEY: "the text is not a verifier key",
  DUPLICATE_PERSON: "the event names one person twice",
  NOT_CANONICAL: "the value has no canonical JSON form",
  RESERVED_ACTION: "actions that begin with `ledger.` belong to the ledger itself",
  TOO_LARGE: "a part of the entry is too large",
  UNTRUSTED_NOTE: "no signature by a trusted key holds for this note",
} as const;

/** One of the codes in `LEDGER_ERRORS`. */
export type LedgerErrorCode = keyof typeof LEDGER_ERRORS;

const BRAND = Symbol.for("daybook.ledger-error");

/** The only class of error this package throws. Branch on `code`, show `hint` to an operator. */
export class LedgerError extends Error {
  override readonly name = "LedgerError";
  /** What went wrong, stable within a major version. */
  readonly code: LedgerErrorCode;
  /** One sentence saying what to do next, or what exactly is wrong. */
  readonly hint: string;

  constructor(code: LedgerErrorCode, hint: string, options?: ErrorOptions) {
    super(`${code}: ${LEDGER_ERRORS[code]}. ${hint}`, options);
    this.code = code;
    this.hint = hint;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** True for a `LedgerError` of any copy of this package in the process. The ESM and the CommonJS build have different classes. */
export function isLedgerError(value: unknown): value is LedgerError {
  return value instanceof Error && BRAND in value;
}

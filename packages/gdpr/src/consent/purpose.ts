import { createHash } from "node:crypto";
import { DaybookError, type JsonObject } from "@daybook/core";
import type { ChangeKind, PurposeVersion } from "@daybook/core/store";
import { canonicalText } from "@daybook/ledger";

/** Lawful bases a purpose can rest on (GDPR, Art. 6(1) and, for special categories, 9(2)(a)). */
export const LAWFUL_BASES = ["6(1)(a)", "6(1)(b)", "6(1)(c)", "6(1)(d)", "6(1)(e)", "6(1)(f)", "9(2)(a)"] as const;
/** One of `LAWFUL_BASES`. */
export type LawfulBasis = (typeof LAWFUL_BASES)[number];

/** True for a basis that is the person's consent. */
export const isConsentBasis = (basis: string): boolean => basis === "6(1)(a)" || basis === "9(2)(a)";

/** Retention of the journal entries of a purpose: a number of days, or until the consent ends, with a date for a review. */
export type PurposeRetention = { readonly days: number } | { readonly until: "withdrawal"; readonly reviewBy: string };

/** What a person agrees to: one purpose, in one version. A published version never changes. */
export interface Purpose {
  /** A code, `[a-z][a-z0-9_.]{0,63}`, such as `personal_diary`. */
  readonly purpose: string;
  /** 1 to 32 letters, digits, dots, dashes or underscores. */
  readonly version: string;
  /** Short title, for the person. */
  readonly title: string;
  /** What happens with the data, in plain words, for the person. */
  readonly text: string;
  /** The words beside its control. Default: the phrase of the notice. */
  readonly phrase?: string;
  /** One basis, chosen beforehand. Default `6(1)(a)`, consent. */
  readonly lawfulBasis?: LawfulBasis;
  /** Categories of personal data, in words. */
  readonly dataCategories: readonly string[];
  /** Other receivers of the data. Default: none. */
  readonly recipients?: readonly string[];
  /** Where it is stored. */
  readonly storageLocations: readonly string[];
  /** Transfers to third countries with their safeguards (Art. 44 to 49). Default none. */
  readonly transfers?: readonly string[];
  /** How long journal entries of the purpose are kept. */
  readonly retention: PurposeRetention;
  /** Days after which a consent expires and the person is asked again. Default: it does not expire. */
  readonly validDays?: number;
  /** Days after a refusal before the person is asked again. Default `DEFAULT_ASK_AGAIN_DAYS`. */
  readonly askAgainAfterDays?: number;
  /** Special categories of Art. 9, which need an explicit consent. Default false. */
  readonly specialCategory?: boolean;
  /** True if the service is not available without it. Default false. */
  readonly necessary?: boolean;
  /** What this version changes against the one before: `material` asks every person again. Default `material`. */
  readonly change?: ChangeKind;
  /** ISO time from which it is in force. Default: the time of publication. */
  readonly effectiveFrom?: string;
  /** Terms of the W3C Data Privacy Vocabulary for receipts. Default `dpv:Purpose` and `dpv:PersonalData`. */
  readonly dpv?: { readonly purpose?: string; readonly personalData?: readonly string[] };
}

const CODE = /^[a-z][a-z0-9_.]{0,63}$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Checks a purpose and returns it, with its type.
 * @throws {DaybookError} `BAD_DEFINITION`, `RETENTION_UNBOUNDED`
 */
export function definePurpose(purpose: Purpose): Purpose {
  const name = `purpose ${String(purpose.purpose)}`;
  if (typeof purpose.purpose !== "string" || !CODE.test(purpose.purpose)) throw bad(name, "`purpose` is a code such as personal_diary");
  if (typeof purpose.version !== "string" || !VERSION.test(purpose.version))
    throw bad(name, "`version` is 1 to 32 letters, digits, dots, dashes or underscores");
  for (const field of ["title", "text"] as const) if (!isText(purpose[field])) throw bad(name, `\`${field}\` is a text`);
  if (purpose.lawfulBasis !== undefined && !LAWFUL_BASES.includes(purpose.lawfulBasis))
    throw bad(name, `\`lawfulBasis\` is one of ${LAWFUL_BASES.join(", ")}`);
  for (const field of ["dataCategories", "storageLocations"] as const) {
    if (!isTexts(purpose[field]) || purpose[field].length === 0) throw bad(name, `\`${field}\` names at least one`);
  }
  for (const field of ["recipients", "transfers"] as const) {
    if (purpose[field] !== undefined && !isTexts(purpose[field])) throw bad(name, `\`${field}\` is a list of texts`);
  }
  for (const field of ["validDays", "askAgainAfterDays"] as const) {
    const days = purpose[field];
    if (days !== undefined && !isDays(days)) throw bad(name, `\`${field}\` is a whole number of days above 0`);
  }
  if (purpose.effectiveFrom !== undefined && !isTime(purpose.effectiveFrom)) throw bad(name, "`effectiveFrom` is an ISO time in UTC");
  checkRetention(name, purpose.retention);
  return purpose;
}

/** Storage has to end (Art. 5(1)(e)): after a number of days, or with the consent and a date for a review. */
function checkRetention(name: string, retention: PurposeRetention | undefined): void {
  const unbounded = (hint: string) => new DaybookError("RETENTION_UNBOUNDED", `In ${name}: ${hint} (GDPR, Art. 5(1)(e)).`);
  if (typeof retention !== "object" || retention === null) throw unbounded("say with `retention` when the entries are deleted");
  if ("days" in retention) {
    if (!isDays(retention.days)) throw unbounded("`retention.days` is a whole number above 0");
    return;
  }
  if (
    retention.until !== "withdrawal" ||
    typeof retention.reviewBy !== "string" ||
    !DATE.test(retention.reviewBy) ||
    Number.isNaN(Date.parse(retention.reviewBy))
  ) {
    throw unbounded('give `retention.days`, or `until: "withdrawal"` with `reviewBy`, a date');
  }
}

/** A purpose as the store keeps it. The hash leaves `effectiveFrom` out, because it may be the time of publication. */
export function purposeVersion(purpose: Purpose, now: number): PurposeVersion {
  const { change = "material", effectiveFrom, ...rest } = definePurpose(purpose);
  const definition = canonicalText({ lawfulBasis: "6(1)(a)", ...rest } as unknown as JsonObject);
  return {
    purpose: purpose.purpose,
    version: purpose.version,
    change,
    effectiveFrom: effectiveFrom === undefined ? new Date(now).toISOString() : new Date(effectiveFrom).toISOString(),
    definition,
    sha256: createHash("sha256").update(definition, "utf8").digest("hex"),
  };
}

/** The purpose as it was published. */
export const purposeOf = (version: PurposeVersion): Purpose & { readonly lawfulBasis: LawfulBasis } => ({
  ...(JSON.parse(version.definition) as Purpose & { readonly lawfulBasis: LawfulBasis }),
  change: version.change,
  effectiveFrom: version.effectiveFrom,
});

export const isText = (value: unknown): value is string => typeof value === "string" && value.trim() !== "" && value.isWellFormed();
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
const isDays = (value: unknown) => Number.isInteger(value) && (value as number) > 0 && (value as number) <= 36_500;
export const isTime = (value: unknown): boolean =>
  typeof value === "string" && /^\d{4}-\d{2}-\d{2}(T|$)/.test(value) && !Number.isNaN(Date.parse(value));

const bad = (name: string, rule: string) => new DaybookError("BAD_DEFINITION", `In ${name}: ${rule}.`);

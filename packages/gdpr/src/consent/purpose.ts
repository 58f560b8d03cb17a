import { createHash } from "node:crypto";
import { DaybookError, type JsonObject } from "@daybook/core";
import type { ChangeKind, PurposeVersion } from "@daybook/core/store";
import { canonicalText } from "@daybook/ledger";

/** Lawful bases a purpose can rest on (GDPR, Art. 6(1) and, for special categories, 9(2)(a)). */
export const LAWFUL_BASES = ["6(1)(a)", "6(1)(b)", "6(1)(c)", "6(1)(d)", "6(1)(e)", "6(1)(f)", "9(2)(a)"] as const;
export type LawfulBasis = (typeof LAWFUL_BASES)[number];

/** Bases that are the person's consent. */
export const isConsentBasis = (basis: string): boolean => basis === "6(1)(a)" || basis === "9(2)(a)";

/** How long what is recorded for a purpose is kept: so many days, or until the consent ends, and then somebody looks at it again by a date. */
export type PurposeRetention = { readonly days: number } | { readonly until: "withdrawal"; readonly reviewBy: string };

/** What a person agrees to: one purpose, in one version. A published version never changes. */
export interface Purpose {
  /** A code, `[a-z][a-z0-9_.]{0,63}`, such as `personal_diary`. */
  readonly purpose: string;
  readonly version: string;
  readonly title: string;
  /** What happens, in plain words, for the person. */
  readonly text: string;
  /** The words beside its control. Default: those of the notice. */
  readonly phrase?: string;
  /** One basis, chosen beforehand. Default `6(1)(a)`, consent. */
  readonly lawfulBasis?: LawfulBasis;
  /** Categories of personal data, in words. */
  readonly dataCategories: readonly string[];
  /** Who else receives it. Default nobody. */
  readonly recipients?: readonly string[];
  /** Where it is stored. */
  readonly storageLocations: readonly string[];
  /** Transfers to third countries with their safeguards (Art. 44 to 49). Default none. */
  readonly transfers?: readonly string[];
  readonly retention: PurposeRetention;
  /** Days after which a consent runs out and is asked anew. Default: it does not run out. */
  readonly validDays?: number;
  /** Days after a refusal before the person is asked again. Default 180. */
  readonly askAgainAfterDays?: number;
  /** Special categories of Art. 9, which need an explicit consent. Default false. */
  readonly specialCategory?: boolean;
  /** The service cannot be had without it. Default false. */
  readonly necessary?: boolean;
  /** What this version changes against the one before: `material` asks everybody anew. Default `material`. */
  readonly change?: ChangeKind;
  /** From when it holds, ISO time. Default: when it is published. */
  readonly effectiveFrom?: string;
  /** Terms of the W3C Data Privacy Vocabulary for receipts. Default `dpv:Purpose` and `dpv:PersonalData`. */
  readonly dpv?: { readonly purpose?: string; readonly personalData?: readonly string[] };
}

const CODE = /^[a-z][a-z0-9_.]{0,63}$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Checks a purpose and gives it back: a place to declare it with its type.
 * @throws {DaybookError} `BAD_DEFINITION`, `RETENTION_UNBOUNDED`
 */
export function definePurpose(purpose: Purpose): Purpose {
  const name = `purpose ${String(purpose.purpose)}`;
  if (typeof purpose.purpose !== "string" || !CODE.test(purpose.purpose)) throw bad(name, "`purpose` is a code such as personal_diary");
  if (typeof purpose.version !== "string" || !VERSION.test(purpose.version))
    throw bad(name, "`version` is 1 to 32 letters, digits, dots, dashes or underscores");
  for (const field of ["title", "text"] as const) if (!isText(purpose[field])) throw bad(name, `\`${field}\` says something`);
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

/** Storage has to end somewhere (Art. 5(1)(e)): with a number of days, or with the consent and a date on which somebody looks again. */
function checkRetention(name: string, retention: PurposeRetention | undefined): void {
  const unbounded = (hint: string) => new DaybookError("RETENTION_UNBOUNDED", `In ${name}: ${hint} (GDPR, Art. 5(1)(e)).`);
  if (typeof retention !== "object" || retention === null) throw unbounded("say with `retention` when what is recorded goes");
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

/** What the store keeps of a purpose. `effectiveFrom` is not part of the text that is hashed: it may be the moment of publication. */
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

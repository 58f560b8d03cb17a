import type { EventDefinition } from "@daybook/core";
import {
  CONSENT_CLASS,
  defined,
  type PurposeVersion,
  type RetentionPeriods,
  retentionClassName,
  retentionClassOf,
} from "@daybook/core/store";
import type { Controller } from "../consent/notice.ts";
import { isConsentBasis, purposeOf } from "../consent/purpose.ts";

/** A receiver of records: a sink, a processor, an authority. */
export interface Recipient {
  /** Name of the receiver, for the person. */
  readonly name: string;
  /** Why it receives them. */
  readonly purpose?: string;
  /** What happens there when a person is erased. */
  readonly erasure: "erase" | "expire" | "none";
  /** Days after which records expire there, if `erasure` is `expire`. */
  readonly expiresAfterDays?: number;
}

/** Options of `privacyInformation`. */
export interface InformationOptions {
  /** What the application records: `audit.catalogue.all()`. */
  readonly definitions: readonly EventDefinition[];
  /** What was published: `await store.purposes()`. */
  readonly purposes: readonly PurposeVersion[];
  /** The periods in force in the log: `await retentionPeriodsOf(store)` of `@daybook/core/store`. */
  readonly periods: RetentionPeriods;
  /** Who is responsible. Default: the operator of the service. */
  readonly controller?: Controller | undefined;
  /** Default: only the store itself. */
  readonly recipients?: readonly Recipient[] | undefined;
  /** Where a person uses their rights. */
  readonly rightsUrl?: string | undefined;
  /** Supervisory authority (Art. 77). */
  readonly authority?: string | undefined;
  /** Lawful basis of the audit trail itself. Default `6(1)(f)`: security and accountability of the service. */
  readonly trailBasis?: string | undefined;
  /** How automated decisions work, if there are any (Art. 22). Default: none are made. */
  readonly automatedDecisions?: string | undefined;
  /** Where data about the person comes from, beside the person's own use. Default: nowhere else. */
  readonly source?: string | undefined;
  /** Transfers to third countries and their safeguards (Art. 46). Default: none. */
  readonly transfers?: readonly string[] | undefined;
}

/** One kind of data that is kept. */
export interface InformationCategory {
  /** A purpose, or a retention class of the audit trail. */
  readonly category: string;
  /** The data, in words. */
  readonly what: string;
  /** Why it is kept. */
  readonly why: string;
  /** Article of the GDPR, such as `6(1)(f)`. */
  readonly lawfulBasis: string;
  /** How long, in words. */
  readonly kept: string;
}

/** The information of Art. 15(1)(a) to (h) and 15(2) GDPR, made from the declarations of the application. Letters are those of the article. */
export interface PrivacyInformation {
  /** Who is responsible. */
  readonly controller: Controller | { readonly name: string };
  /** (a) purposes and (b) categories, each with its basis and (d) its period. */
  readonly categories: readonly InformationCategory[];
  /** (c) Who receives data. */
  readonly recipients: readonly Recipient[];
  /** (e) The person's rights. */
  readonly rights: readonly string[];
  /** Where a person uses them. */
  readonly rightsAt?: string;
  /** (f) Where to complain. */
  readonly complaint: string;
  /** (g) Where the data comes from. */
  readonly source: string;
  /** (h) Automated decisions, if any. */
  readonly automatedDecisions: string;
  /** Art. 15(2): transfers to third countries. */
  readonly transfers: readonly string[];
}

const RIGHTS = [
  "to a copy of your data (Art. 15)",
  "to have wrong data corrected (Art. 16)",
  "to have data erased (Art. 17)",
  "to have its use restricted (Art. 18)",
  "to receive what you provided under a consent or a contract, in a machine-readable form (Art. 20)",
  "to object to what rests on a legitimate interest (Art. 21)",
  "to take back a consent at any time; what happened before stays lawful (Art. 7(3))",
];

/**
 * Makes the information that a person gets with a copy of the data.
 * @example
 * ```ts
 * import { createAuditLog } from "@daybook/core";
 * import { retentionPeriodsOf } from "@daybook/core/store";
 * import { privacyInformation } from "@daybook/gdpr";
 * import { openSqliteStore } from "@daybook/store-sqlite";
 *
 * const store = await openSqliteStore({ path: "data/audit.db" });
 * const audit = createAuditLog({ store });
 * const information = privacyInformation({
 *   definitions: audit.catalogue.all(),
 *   purposes: await store.purposes(),
 *   periods: await retentionPeriodsOf(store),
 * });
 * console.log(information.categories.map(({ category, kept }) => `${category}: ${kept}`));
 * ```
 */
export function privacyInformation(options: InformationOptions): PrivacyInformation {
  const { definitions, purposes, periods, controller, recipients = [], rightsUrl, authority, trailBasis = "6(1)(f)" } = options;
  const newest = new Map(purposes.map((version) => [version.purpose, purposeOf(version)]));
  return {
    controller: controller ?? { name: "The operator of this service" },
    categories: [
      ...[...newest.values()].map((purpose) => ({
        category: purpose.title,
        what: purpose.dataCategories.join(", "),
        why: purpose.text,
        lawfulBasis: purpose.lawfulBasis,
        kept: "days" in purpose.retention ? `${purpose.retention.days} days` : "until you take the consent back",
      })),
      ...trailCategories(definitions, periods, trailBasis),
    ],
    recipients,
    rights: RIGHTS.filter(
      (right) => !right.includes("consent at any time") || [...newest.values()].some(({ lawfulBasis }) => isConsentBasis(lawfulBasis)),
    ),
    ...defined({ rightsAt: rightsUrl }),
    complaint: authority ?? "the supervisory authority of the place where you live, where you work or where something went wrong (Art. 77)",
    source: options.source ?? "your own use of the service, and what others did in it that was about you",
    automatedDecisions: options.automatedDecisions ?? "No decision is made about you by automated means alone (Art. 22).",
    transfers: options.transfers ?? [],
  };
}

/** The audit trail by retention class: what the catalogue says is recorded, and why. */
function trailCategories(definitions: readonly EventDefinition[], periods: RetentionPeriods, lawfulBasis: string): InformationCategory[] {
  const classes = new Map<number, EventDefinition[]>();
  for (const definition of definitions) {
    const number = retentionClassOf(definition);
    const known = classes.get(number);
    if (known === undefined) classes.set(number, [definition]);
    else known.push(definition);
  }
  return [...classes]
    .sort(([a], [b]) => a - b)
    .map(([number, list]) => {
      const days = periods.get(number);
      return {
        category: `audit trail, ${retentionClassName(number) ?? `class ${number}`}`,
        what: list
          .map(({ action }) => action)
          .sort()
          .join(", "),
        why:
          [...new Set(list.flatMap(({ description }) => (description === undefined ? [] : [description])))].join(" ") ||
          "Security and accountability of the service.",
        lawfulBasis,
        kept:
          days === undefined
            ? "as its own policy says"
            : number === CONSENT_CLASS
              ? `${days} days after the consent ended`
              : `${days} days`,
      };
    });
}

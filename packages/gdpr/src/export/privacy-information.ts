import type { EventDefinition } from "@daybook/core";
import { type PurposeVersion, personDaysOf, retentionClassOf } from "@daybook/core/store";
import type { Controller } from "../consent/notice.ts";
import { isConsentBasis, purposeOf } from "../consent/purpose.ts";

/** Somebody who receives records: a sink, a processor, an authority. */
export interface Recipient {
  readonly name: string;
  /** What for. */
  readonly purpose?: string;
  /** What happens there when a person is erased. */
  readonly erasure: "erase" | "expire" | "none";
  readonly expiresAfterDays?: number;
}

export interface InformationOptions {
  /** What the application records: `audit.catalogue.all()`. */
  readonly definitions: readonly EventDefinition[];
  readonly purposes: readonly PurposeVersion[];
  readonly controller?: Controller | undefined;
  /** Default: nobody but the store itself. */
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

/** One line of the record of what is kept. */
export interface InformationCategory {
  readonly category: string;
  readonly what: string;
  readonly why: string;
  readonly lawfulBasis: string;
  readonly kept: string;
}

/** What Art. 15(1)(a) to (h) and 15(2) GDPR want told, made from what the application has declared. Letters are those of the article. */
export interface PrivacyInformation {
  readonly controller: Controller | { readonly name: string };
  /** (a) purposes and (b) categories, each with its basis and (d) its period. */
  readonly categories: readonly InformationCategory[];
  /** (c) */
  readonly recipients: readonly Recipient[];
  /** (e) */
  readonly rights: readonly string[];
  readonly rightsAt?: string;
  /** (f) */
  readonly complaint: string;
  /** (g) */
  readonly source: string;
  /** (h) */
  readonly automatedDecisions: string;
  /** Art. 15(2) */
  readonly transfers: readonly string[];
}

/** Names of the retention classes (docs/ledger.md). */
const CLASSES: ReadonlyMap<number, string> = new Map([
  [1, "system"],
  [2, "access"],
  [3, "admin"],
  [4, "consent"],
  [5, "compliance"],
  [6, "usage"],
  [7, "security"],
  [8, "ledger"],
]);

const RIGHTS = [
  "to a copy of your data (Art. 15)",
  "to have wrong data corrected (Art. 16)",
  "to have data erased (Art. 17)",
  "to have its use restricted (Art. 18)",
  "to take along what you provided under a consent or a contract, in a machine-readable form (Art. 20)",
  "to object to what rests on a legitimate interest (Art. 21)",
  "to take back a consent at any time; what happened before stays lawful (Art. 7(3))",
];

export function privacyInformation(options: InformationOptions): PrivacyInformation {
  const { definitions, purposes, controller, recipients = [], rightsUrl, authority, trailBasis = "6(1)(f)" } = options;
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
      ...trailCategories(definitions, trailBasis),
    ],
    recipients,
    rights: RIGHTS.filter(
      (right) => !right.includes("consent at any time") || [...newest.values()].some(({ lawfulBasis }) => isConsentBasis(lawfulBasis)),
    ),
    ...(rightsUrl === undefined ? {} : { rightsAt: rightsUrl }),
    complaint: authority ?? "the supervisory authority of the place where you live, where you work or where something went wrong (Art. 77)",
    source: options.source ?? "your own use of the service, and what others did in it that was about you",
    automatedDecisions: options.automatedDecisions ?? "No decision is made about you by automated means alone (Art. 22).",
    transfers: options.transfers ?? [],
  };
}

/** The audit trail by retention class: what the catalogue says is recorded, and why. */
function trailCategories(definitions: readonly EventDefinition[], lawfulBasis: string): InformationCategory[] {
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
      const days = personDaysOf(list[0]!);
      return {
        category: `audit trail, ${CLASSES.get(number) ?? `class ${number}`}`,
        what: list
          .map(({ action }) => action)
          .sort()
          .join(", "),
        why:
          [...new Set(list.flatMap(({ description }) => (description === undefined ? [] : [description])))].join(" ") ||
          "Security and accountability of the service.",
        lawfulBasis,
        kept: days === undefined ? "as its own policy says" : number === 4 ? `${days} days after the consent ended` : `${days} days`,
      };
    });
}

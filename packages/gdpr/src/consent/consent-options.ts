import type { AuditLog } from "@daybook/core";
import type { AuditStore, ConsentRecord, ConsentState, ConsentStore, JournalStore } from "@daybook/core/store";
import type { Guardian } from "./age-of-consent.ts";
import type { Notice } from "./notice.ts";
import type { Purpose } from "./purpose.ts";

/** How a decision reached the application: in its interface or API, by the command line, on paper, or by a signal of the browser. */
export const CONSENT_METHODS = ["ui", "api", "cli", "paper", "signal"] as const;
/** One of `CONSENT_METHODS`. */
export type ConsentMethod = (typeof CONSENT_METHODS)[number];

/** Default of `ConsentOptions.sweepEveryMs`: one hour. */
export const DEFAULT_SWEEP_MS = 3_600_000;

/** What the person did. A control that was on before the person acted gives no consent (GDPR, Art. 4(11) and recital 32). */
export interface AffirmativeAct {
  /** In words, such as "checkbox ticked, form sent". */
  readonly what: string;
  /** State of the control before the person acted; only `false` counts. */
  readonly before: boolean;
  /** State of the control after the person acted; only `true` counts. */
  readonly after: boolean;
}

/** The text on the screen: one version of a notice in one language. */
export interface ShownNotice {
  /** Name of the notice. */
  readonly notice: string;
  /** Its version. */
  readonly version: string;
  /** Language tag, such as `en`. */
  readonly language: string;
}

/** What an agreement and a refusal have in common. */
export interface DecideOptions {
  /** How the decision reached the application. */
  readonly method: ConsentMethod;
  /** Default: the newest version in force of the only notice, in `en` or its first language. */
  readonly shown?: ShownNotice;
  /** Who decided: the person, a guardian, or an operator who enters the decision. Default `self`. */
  readonly by?: "self" | "guardian" | "operator";
  /** ISO 3166-1 alpha-2 code of the person's country. Default: no country is recorded. */
  readonly jurisdiction?: string;
  /** ISO date of birth, if the purpose may be for children. It is used for the decision and not kept. */
  readonly birthDate?: string;
  /** Needed if the person is too young to decide alone. */
  readonly guardian?: Guardian;
}

/** How a person agreed. */
export interface GiveOptions extends DecideOptions {
  /** What the person did. */
  readonly act: AffirmativeAct;
  /** `explicit` for special categories. Default `expressed`. */
  readonly expression?: "expressed" | "explicit";
}

/** How a person refused. */
export interface RefuseOptions extends DecideOptions {
  /** Default "refused". */
  readonly what?: string;
}

/** How a person withdrew a consent. */
export interface WithdrawOptions {
  /** How the withdrawal reached the application. */
  readonly method: ConsentMethod;
  /** Default "withdrawn". No reason is needed. */
  readonly what?: string;
  /** Who withdrew. Default `self`. */
  readonly by?: "self" | "guardian" | "operator";
}

/** State of one person's consent for one purpose. */
export interface ConsentStatus {
  /** The purpose in its current version. */
  readonly purpose: Purpose;
  /** `none`: no decision yet. `reconsent_needed`: a material change replaced the text that the person agreed to. */
  readonly state: "none" | "reconsent_needed" | ConsentState;
  /** True if journal entries for the purpose are accepted now. */
  readonly inForce: boolean;
  /** The last agreement or refusal. */
  readonly last?: ConsentRecord;
  /** False while a consent is in force, and for `askAgainAfterDays` after a refusal. */
  readonly mayAsk: boolean;
}

/** Options of `createConsent`. */
export interface ConsentOptions {
  /** The audit trail that records the decisions. */
  readonly audit: AuditLog;
  /** The store of that audit trail. */
  readonly store: AuditStore & ConsentStore & JournalStore;
  /** Purposes in their current versions. `createConsent` publishes them. */
  readonly purposes: readonly Purpose[];
  /** Notices in their current versions. `createConsent` publishes them. */
  readonly notices: readonly Notice[];
  /** Ages of consent below 16, by country. Default: none. */
  readonly ages?: Readonly<Record<string, number>>;
  /** Interval at which expired consents are ended, in milliseconds; 0 for never. Default `DEFAULT_SWEEP_MS`. */
  readonly sweepEveryMs?: number;
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

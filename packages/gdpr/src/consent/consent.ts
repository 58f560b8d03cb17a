import { type AuditLog, DaybookError, type EventDefinition, type JsonObject } from "@daybook/core";
import {
  type AuditStore,
  asError,
  type ConsentRecord,
  type ConsentStore,
  consentDeferred,
  consentGiven,
  consentInvalidated,
  consentRefused,
  consentRenewed,
  consentRequested,
  DAY_MS,
  defined,
  type JournalStore,
  uuidV7,
} from "@daybook/core/store";
import { purgeJournals } from "../journal/journal-registry.ts";
import { checkPersonId } from "../person/identity.ts";
import { personsOfDecision } from "../person/persons-of.ts";
import { childUntil } from "./age-of-consent.ts";
import {
  type ConsentOptions,
  type ConsentStatus,
  DEFAULT_SWEEP_MS,
  type DecideOptions,
  type GiveOptions,
  type RefuseOptions,
  type ShownNotice,
  type WithdrawOptions,
} from "./consent-options.ts";
import { type ConsentReceipt, consentReceipt } from "./consent-receipt.ts";
import { consentStatus } from "./consent-status.ts";
import { type Notice, noticeOf } from "./notice.ts";
import { PublishedTexts, unknownText } from "./published-texts.ts";
import { isConsentBasis, isText, type Purpose, purposeOf } from "./purpose.ts";
import { checkMethod, checkOnePurpose, endConsent, withdrawConsent } from "./withdraw-consent.ts";

/** Consents that one transaction ends, so that other writers do not wait long. */
const CONSENTS_AT_ONCE = 200;
/** Journal entries that one transaction deletes, so that other writers do not wait long. */
const ENTRIES_AT_ONCE = 2_000;

/**
 * Consent as an append-only stream in the audit trail: who agreed to what, shown which text, by which act. The current state is a
 * projection of it in the store.
 */
export class Consent {
  readonly #audit: AuditLog;
  readonly #store: AuditStore & ConsentStore & JournalStore;
  readonly #ages: Readonly<Record<string, number>> | undefined;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #texts: PublishedTexts;

  /** Prefer `createConsent`, which also publishes new versions. */
  constructor({ audit, store, ages, clock, sweepEveryMs = DEFAULT_SWEEP_MS }: Omit<ConsentOptions, "purposes" | "notices">) {
    this.#audit = audit;
    this.#store = store;
    this.#ages = ages;
    this.#now = clock === undefined ? Date.now : () => clock.now();
    this.#texts = new PublishedTexts(audit, store, this.#now);
    if (sweepEveryMs > 0) {
      this.#timer = setInterval(() => {
        this.expireDue().catch((cause: unknown) => audit.problem(asError(cause, "STORE_FAILED", "expired consents could not be ended")));
      }, sweepEveryMs);
      this.#timer.unref();
    }
  }

  /**
   * Puts new versions in force: a record for each one, then its text.
   * @throws {DaybookError} `BAD_DEFINITION`, `RETENTION_UNBOUNDED`, `BASIS_CHANGED`, `VERSION_CHANGED`
   */
  publish(purposes: readonly Purpose[], notices: readonly Notice[]): Promise<void> {
    return this.#texts.publish(purposes, notices);
  }

  /** Versions in force of all purposes, in the order of their first publication. */
  purposes(): Purpose[] {
    return this.#texts.purposes();
  }

  /** The notice that people are shown now. @throws {DaybookError} `PURPOSE_UNKNOWN` */
  notice(language?: string): Required<Notice> {
    return noticeOf(this.#texts.noticeInForce(undefined, language));
  }

  /** A notice as it was shown, byte for byte; undefined if it was never published. */
  publishedNotice(shown: ShownNotice): Required<Notice> | undefined {
    const found = this.#texts.noticeAs(shown);
    return found === undefined ? undefined : noticeOf(found);
  }

  /**
   * Records that a person agreed to one purpose. Resolves once the consent is durable. From then on journal entries for this purpose
   * are accepted.
   * @throws {DaybookError} `CONSENT_BUNDLED`, `CONSENT_PRESET`, `PURPOSE_UNKNOWN`, `GUARDIAN_REQUIRED`, `BAD_OPTION`
   */
  async give(userId: string, purpose: string, options: GiveOptions): Promise<ConsentRecord> {
    checkOnePurpose(purpose);
    const version = this.#texts.consentPurpose(purpose);
    const { act, expression = "expressed" } = options;
    if (!isText(act?.what)) throw new DaybookError("CONSENT_PRESET", "Say with `act.what` what the person did.");
    if (act.before !== false || act.after !== true) {
      throw new DaybookError(
        "CONSENT_PRESET",
        "The control was not off before the person switched it on, so there is no agreement (GDPR, recital 32).",
      );
    }
    if (expression !== "expressed" && expression !== "explicit")
      throw new DaybookError("BAD_OPTION", "`expression` is expressed or explicit.");
    if (version.specialCategory === true && expression !== "explicit") {
      throw new DaybookError("BAD_OPTION", `Purpose ${purpose} is about a special category: its consent is explicit (GDPR, Art. 9(2)(a)).`);
    }
    const childEnd = this.#childUntil(options);
    const last = await this.#last(userId, purpose);
    const { validDays } = version;
    const validEnd = validDays === undefined ? undefined : new Date(this.#now() + validDays * DAY_MS).toISOString();
    const [validUntil] = [validEnd, childEnd].filter((end) => end !== undefined).sort();
    const open = last !== undefined && last.endedAt === undefined && (last.state === "given" || last.state === "renewed");
    const more = { act: act.what, expression, validUntil };
    return this.#decide(open ? consentRenewed : consentGiven, userId, version, options, last, more);
  }

  /** Records that a person refuses a purpose. A consent in force ends, and its journal is deleted. */
  async refuse(userId: string, purpose: string, options: RefuseOptions): Promise<ConsentRecord> {
    checkOnePurpose(purpose);
    const version = this.#texts.consentPurpose(purpose);
    const last = await this.#last(userId, purpose);
    purgeJournals(this.#store, userId, purpose);
    return this.#decide(consentRefused, userId, version, options, last, { act: options.what ?? "refused", expression: "expressed" });
  }

  /**
   * Withdraws a consent, see `withdrawConsent`. It needs neither a purpose that is still in use nor a published text.
   * @returns the consent that ended, undefined if there was none
   */
  withdraw(userId: string, purpose: string, options: WithdrawOptions): Promise<ConsentRecord | undefined> {
    return withdrawConsent(userId, purpose, { ...options, audit: this.#audit, store: this.#store });
  }

  /** Ends a consent that turned out to be invalid, such as one that was not free. */
  async invalidate(userId: string, purpose: string, why: string): Promise<ConsentRecord | undefined> {
    checkOnePurpose(purpose);
    const trail = { audit: this.#audit, store: this.#store };
    return endConsent(trail, consentInvalidated, userId, purpose, { act: why, by: "operator" });
  }

  /** Records that a person was asked, or deferred the decision. Neither is a decision. */
  async asked(
    userId: string,
    purpose: string,
    { shown, deferred = false }: { readonly shown?: ShownNotice; readonly deferred?: boolean } = {},
  ): Promise<void> {
    checkPersonId(userId);
    checkOnePurpose(purpose);
    const { version } = this.#texts.consentPurpose(purpose);
    const notice = this.#texts.noticeInForce(shown);
    await this.#audit.record(deferred ? consentDeferred : consentRequested, {
      ...personsOfDecision(userId, "self"),
      data: { purpose, version, notice: notice.notice, noticeVersion: notice.version, language: notice.language },
    }).stored;
  }

  /** State of a person's consent for every purpose that rests on consent. */
  async status(userId: string): Promise<ConsentStatus[]>;
  /** State of a person's consent for one purpose. @throws {DaybookError} `PURPOSE_UNKNOWN` */
  async status(userId: string, purpose: string): Promise<ConsentStatus>;
  async status(userId: string, only?: string): Promise<ConsentStatus | ConsentStatus[]> {
    checkPersonId(userId);
    const now = this.#now();
    const records = await this.#store.consentsOf(userId);
    const statusOf = async (purpose: Purpose): Promise<ConsentStatus> => {
      const last = records.findLast((record) => record.purpose === purpose.purpose);
      const inForce = (await this.#store.consentInForce(userId, purpose.purpose, now)) !== undefined;
      return consentStatus(purpose, last, inForce, now);
    };
    if (only !== undefined) return statusOf(this.#texts.purpose(only));
    return Promise.all(
      this.purposes()
        .filter(({ lawfulBasis = "6(1)(a)" }) => isConsentBasis(lawfulBasis))
        .map(statusOf),
    );
  }

  /** All agreements and refusals of a person, oldest first. */
  history(userId: string): Promise<readonly ConsentRecord[]> {
    return this.#store.consentsOf(userId);
  }

  /**
   * The receipt of one agreement or refusal (ISO/IEC TS 27560, in terms of the W3C Data Privacy Vocabulary).
   * @throws {DaybookError} `PURPOSE_UNKNOWN`
   */
  receipt(record: ConsentRecord): ConsentReceipt {
    const purpose = this.#texts.purposeAs(record.purpose, record.version);
    const notice = this.publishedNotice({ notice: record.notice, version: record.noticeVersion, language: record.language });
    if (purpose === undefined || notice === undefined) throw unknownText(`${record.purpose} ${record.version}`);
    return consentReceipt(record, purposeOf(purpose), notice);
  }

  /** True if the receipt agrees with the trail: it is made again from the trail and compared. */
  async verifyReceipt(userId: string, receipt: ConsentReceipt): Promise<boolean> {
    const record = await this.#byId(userId, receipt["dct:identifier"]);
    return record !== undefined && JSON.stringify(this.receipt(record)) === JSON.stringify(receipt);
  }

  /**
   * Ends every consent whose time is over, which also deletes the journal of its purpose. Deletes journal entries older than the
   * period of their purpose, of all purposes that were ever published.
   * @returns how many consents ended
   */
  async expireDue(): Promise<number> {
    const now = this.#now();
    let ended = 0;
    for (let step = CONSENTS_AT_ONCE; step === CONSENTS_AT_ONCE; ended += step) {
      step = await this.#store.expireConsents(now, CONSENTS_AT_ONCE);
    }
    for (const { purpose, retention } of this.purposes()) {
      if (!("days" in retention)) continue;
      const before = now - retention.days * DAY_MS;
      while ((await this.#store.expireJournal(purpose, before, ENTRIES_AT_ONCE)) === ENTRIES_AT_ONCE);
    }
    return ended;
  }

  /** Stops the interval of `sweepEveryMs`. */
  close(): void {
    clearInterval(this.#timer);
  }

  async #decide(
    definition: EventDefinition,
    userId: string,
    { purpose, version }: Purpose,
    options: DecideOptions,
    last: ConsentRecord | undefined,
    more: { readonly act: string; readonly expression: string; readonly validUntil?: string | undefined },
  ): Promise<ConsentRecord> {
    const { method, shown, by = "self", jurisdiction, guardian } = options;
    checkMethod(method);
    const notice = this.#texts.noticeInForce(shown);
    const consent = uuidV7(this.#now());
    const data: JsonObject = defined({
      consent,
      record: last?.record ?? consent,
      purpose,
      version,
      notice: notice.notice,
      noticeVersion: notice.version,
      language: notice.language,
      noticeSha256: notice.sha256,
      method,
      by: guardian === undefined ? by : "guardian",
      epoch: (last?.epoch ?? 0) + 1,
      previous: last?.consent,
      jurisdiction,
      guardian: guardian === undefined ? undefined : { ...guardian },
      ...more,
    });
    await this.#audit.recordWith(definition, { ...personsOfDecision(userId, by), data }, {}).stored;
    const record = await this.#byId(userId, consent);
    if (record === undefined) {
      throw new DaybookError(
        "STORE_FAILED",
        "The store kept the record of a consent but not the consent; run `daybook verify` and rebuild the consents.",
      );
    }
    return record;
  }

  async #last(userId: string, purpose: string): Promise<ConsentRecord | undefined> {
    checkPersonId(userId);
    return (await this.#store.consentsOf(userId)).findLast((record) => record.purpose === purpose);
  }

  async #byId(userId: string, consent: string): Promise<ConsentRecord | undefined> {
    return (await this.#store.consentsOf(userId)).find((record) => record.consent === consent);
  }

  #childUntil({ birthDate, guardian, jurisdiction }: DecideOptions): string | undefined {
    const end = birthDate === undefined ? undefined : childUntil({ birthDate, country: jurisdiction, ages: this.#ages }, this.#now());
    if (guardian !== undefined && (!isText(guardian.relation) || !isText(guardian.verification))) {
      throw new DaybookError(
        "GUARDIAN_REQUIRED",
        "Say with `guardian` how the guardian is related and how this was checked (GDPR, Art. 8(2)).",
      );
    }
    if (end !== undefined && guardian === undefined) {
      throw new DaybookError("GUARDIAN_REQUIRED", `Until ${end.slice(0, 10)} a guardian has to agree (GDPR, Art. 8(1)).`);
    }
    if (guardian !== undefined && end === undefined && birthDate !== undefined) {
      throw new DaybookError("BAD_OPTION", "The person is old enough to decide alone; leave `guardian` out.");
    }
    return end;
  }
}

/**
 * Opens consent over an audit trail, and publishes new purposes and notices.
 * @throws {DaybookError} `BAD_DEFINITION`, `RETENTION_UNBOUNDED`, `BASIS_CHANGED`, `VERSION_CHANGED`
 * @example
 * ```ts
 * import { createAuditLog } from "@daybook/core";
 * import { createConsent, defineNotice, definePurpose } from "@daybook/gdpr";
 * import { openSqliteStore } from "@daybook/store-sqlite";
 *
 * const diary = definePurpose({
 *   purpose: "personal_diary",
 *   version: "1",
 *   title: "Your journal",
 *   text: "We keep what you search and read, so that you can find it again.",
 *   dataCategories: ["searches", "books read"],
 *   storageLocations: ["Germany"],
 *   retention: { days: 365 },
 * });
 * const notice = defineNotice({
 *   notice: "reader_privacy",
 *   version: "1",
 *   content: "May we keep a journal of what you read?",
 *   phrase: "Keep my journal",
 *   controller: { name: "City library", address: "1 Main Street", contact: "privacy@example.org" },
 *   rightsUrl: "https://example.org/rights",
 *   withdrawUrl: "https://example.org/journal",
 *   authority: "https://authority.example.org",
 * });
 * const store = await openSqliteStore({ path: "data/audit.db" });
 * const audit = createAuditLog({ store });
 * const consent = await createConsent({ audit, store, purposes: [diary], notices: [notice] });
 * const act = { what: "checkbox ticked, form sent", before: false, after: true };
 * const record = await consent.give("u-7", "personal_diary", { method: "ui", act });
 * console.log(consent.receipt(record));
 * ```
 */
export async function createConsent(options: ConsentOptions): Promise<Consent> {
  const consent = new Consent(options);
  try {
    await consent.publish(options.purposes, options.notices);
    return consent;
  } catch (cause) {
    consent.close();
    throw cause;
  }
}

import { type AuditLog, currentContext, DaybookError, type EventDefinition, type JsonObject } from "@daybook/core";
import {
  type AuditStore,
  type ConsentRecord,
  type ConsentState,
  type ConsentStore,
  consentDeferred,
  consentGiven,
  consentInvalidated,
  consentRefused,
  consentRenewed,
  consentRequested,
  consentWithdrawn,
  type JournalStore,
  type NoticeVersion,
  noticePublished,
  type PurposeVersion,
  purposePublished,
  uuidV7,
} from "@daybook/core/store";
import { purgeJournals } from "../journal/journal-registry.ts";
import { checkPersonId } from "../person/person-id.ts";
import { childUntil, type Guardian } from "./age-of-consent.ts";
import { type ConsentReceipt, consentReceipt } from "./consent-receipt.ts";
import { type Notice, noticeOf, noticeVersion } from "./notice.ts";
import { isConsentBasis, isText, type Purpose, purposeOf, purposeVersion } from "./purpose.ts";

export const CONSENT_METHODS = ["ui", "api", "cli", "paper", "signal"] as const;
export type ConsentMethod = (typeof CONSENT_METHODS)[number];

/** What the person did. An answer that was there before the person acted is nobody's consent (GDPR, Art. 4(11) and recital 32). */
export interface AffirmativeAct {
  /** In words, such as "checkbox ticked, form sent". */
  readonly what: string;
  /** State of the control before the person acted; only `false` counts. */
  readonly before: boolean;
  /** And after; only `true` counts. */
  readonly after: boolean;
}

/** What was on the screen. */
export interface ShownNotice {
  readonly notice: string;
  readonly version: string;
  readonly language: string;
}

export interface DecideOptions {
  readonly method: ConsentMethod;
  /** Default: the newest version in force of the only notice, in `en` or its first language. */
  readonly shown?: ShownNotice;
  /** Who decided: the person, a guardian, or an operator who was told to enter it. Default `self`. */
  readonly by?: "self" | "guardian" | "operator";
  /** ISO 3166-1 alpha-2 of the person's country. Default: none is recorded. */
  readonly jurisdiction?: string;
  /** ISO date of birth, where the purpose may be for children; used for the decision and not kept. */
  readonly birthDate?: string;
  readonly guardian?: Guardian;
}

export interface GiveOptions extends DecideOptions {
  readonly act: AffirmativeAct;
  /** `explicit` for special categories. Default `expressed`. */
  readonly expression?: "expressed" | "explicit";
}

export interface RefuseOptions extends DecideOptions {
  /** Default "refused". */
  readonly what?: string;
}

export interface WithdrawOptions {
  readonly method: ConsentMethod;
  /** Default "withdrawn". No reason is asked for. */
  readonly what?: string;
  readonly by?: "self" | "guardian" | "operator";
}

/** Where a person stands with a purpose. `none`: never asked or answered. `reconsent_needed`: a material change replaced what they agreed to. */
export interface ConsentStatus {
  readonly purpose: Purpose;
  readonly state: "none" | "reconsent_needed" | ConsentState;
  /** True where something may be recorded now. */
  readonly inForce: boolean;
  /** The last agreement or refusal. */
  readonly last?: ConsentRecord;
  /** False for a while after a refusal, and while a consent holds. */
  readonly mayAsk: boolean;
}

export interface ConsentOptions {
  readonly audit: AuditLog;
  readonly store: AuditStore & ConsentStore & JournalStore;
  /** Purposes in their current versions. They are published when this is opened. */
  readonly purposes: readonly Purpose[];
  readonly notices: readonly Notice[];
  /** Ages of consent by country that are below 16. Default: none. */
  readonly ages?: Readonly<Record<string, number>>;
  /** How often consents that ran out are ended by themselves, in milliseconds; 0 for never. Default one hour. */
  readonly sweepEveryMs?: number;
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const SWEEP_STEP = 200;
/** Rows one transaction deletes, so that no writer waits long. */
const ROWS_AT_ONCE = 2_000;

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
  #purposes: readonly PurposeVersion[] = [];
  #notices: readonly NoticeVersion[] = [];

  /** Prefer `createConsent`, which publishes what is new. */
  constructor({ audit, store, ages, clock, sweepEveryMs = HOUR_MS }: ConsentOptions) {
    this.#audit = audit;
    this.#store = store;
    this.#ages = ages;
    this.#now = clock === undefined ? Date.now : () => clock.now();
    if (sweepEveryMs > 0) {
      this.#timer = setInterval(() => {
        this.expireDue().catch((cause: unknown) => audit.problem(asError(cause)));
      }, sweepEveryMs);
      this.#timer.unref();
    }
  }

  /**
   * Puts versions in force: a record for each new one, then the text itself.
   * @throws {DaybookError} `BAD_DEFINITION`, `RETENTION_UNBOUNDED`, `BASIS_CHANGED`, `VERSION_CHANGED`
   */
  async publish(purposes: readonly Purpose[], notices: readonly Notice[]): Promise<void> {
    const now = this.#now();
    const known = await this.#store.purposes();
    const knownNotices = await this.#store.notices();
    const purposeVersions = purposes.map((purpose) => purposeVersion(purpose, now));
    const noticeVersions = notices.map((notice) => noticeVersion(notice, now));
    for (const version of purposeVersions) refuseOtherBasis(version, known);
    const newPurposes = purposeVersions.filter(
      (version) => !known.some((old) => old.purpose === version.purpose && old.version === version.version),
    );
    const newNotices = noticeVersions.filter((version) => !knownNotices.some((old) => sameNotice(old, version)));
    for (const { purpose, version, sha256, change, effectiveFrom } of newPurposes) {
      await this.#audit.record(purposePublished, { data: { purpose, version, sha256, change, effectiveFrom } }).stored;
    }
    for (const { notice, version, language, sha256, change, effectiveFrom } of newNotices) {
      await this.#audit.record(noticePublished, { data: { notice, version, language, sha256, change, effectiveFrom } }).stored;
    }
    await this.#store.publish(purposeVersions, noticeVersions);
    this.#purposes = await this.#store.purposes();
    this.#notices = await this.#store.notices();
  }

  /** Current versions of all purposes, in the order in which they were first published. */
  purposes(): Purpose[] {
    const names = [...new Set(this.#purposes.map(({ purpose }) => purpose))];
    return names.map((name) => this.#purpose(name));
  }

  /** The notice people are shown now. */
  notice(language?: string): Required<Notice> {
    return noticeOf(this.#notice(undefined, language));
  }

  /** A notice as it was shown, byte for byte; undefined where it was never published. */
  publishedNotice({ notice, version, language }: ShownNotice): Required<Notice> | undefined {
    const found = this.#notices.find((known) => known.notice === notice && known.version === version && known.language === language);
    return found === undefined ? undefined : noticeOf(found);
  }

  /**
   * Records that a person agreed to one purpose. Settles when it is stored; from then on entries of the purpose are.
   * @throws {DaybookError} `CONSENT_BUNDLED`, `CONSENT_PRESET`, `PURPOSE_UNKNOWN`, `GUARDIAN_REQUIRED`, `BAD_OPTION`
   */
  async give(userId: string, purpose: string, options: GiveOptions): Promise<ConsentRecord> {
    const version = this.#consentPurpose(purpose);
    const { act, expression = "expressed" } = options;
    if (!isText(act?.what)) throw new DaybookError("CONSENT_PRESET", "Say with `act.what` what the person did.");
    if (act.before !== false || act.after !== true) {
      throw new DaybookError(
        "CONSENT_PRESET",
        "The control was not off before the person switched it on, so nobody agreed (GDPR, recital 32).",
      );
    }
    if (expression !== "expressed" && expression !== "explicit")
      throw new DaybookError("BAD_OPTION", "`expression` is expressed or explicit.");
    if (version.specialCategory === true && expression !== "explicit") {
      throw new DaybookError("BAD_OPTION", `Purpose ${purpose} is about a special category: its consent is explicit (GDPR, Art. 9(2)(a)).`);
    }
    const childEnd = this.#childUntil(options);
    const last = await this.#last(userId, purpose);
    const ends = [
      ...(version.validDays === undefined ? [] : [new Date(this.#now() + version.validDays * DAY_MS).toISOString()]),
      ...(childEnd === undefined ? [] : [childEnd]),
    ].sort();
    const open = last !== undefined && last.endedAt === undefined && (last.state === "given" || last.state === "renewed");
    const more = { act: act.what, expression, ...(ends.length === 0 ? {} : { validUntil: ends[0]! }) };
    return this.#decide(open ? consentRenewed : consentGiven, userId, version, options, last, more);
  }

  /** Records that a person does not want a purpose. Where a consent held, it ends, and its journal goes. */
  async refuse(userId: string, purpose: string, options: RefuseOptions): Promise<ConsentRecord> {
    const version = this.#consentPurpose(purpose);
    const last = await this.#last(userId, purpose);
    purgeJournals(this.#store, userId, purpose);
    return this.#decide(consentRefused, userId, version, options, last, { act: options.what ?? "refused", expression: "expressed" });
  }

  /**
   * Takes a consent back: what waits to be written for the purpose is dropped, the record is stored, and the journal of the purpose is
   * deleted with it. Settles after that. Repeating it changes nothing.
   * @returns the consent that ended, undefined where none was held
   */
  async withdraw(userId: string, purpose: string, options: WithdrawOptions): Promise<ConsentRecord | undefined> {
    checkOnePurpose(purpose);
    checkMethod(options.method);
    // A withdrawal needs nothing but a name: neither a purpose still in use, nor a published text.
    purgeJournals(this.#store, userId, purpose);
    const last = await this.#last(userId, purpose);
    if (last === undefined || last.endedAt !== undefined || last.state === "refused") return undefined;
    await this.#end(consentWithdrawn, userId, last, { method: options.method, act: options.what ?? "withdrawn", by: options.by ?? "self" });
    return this.#byId(userId, last.consent);
  }

  /** Ends a consent that turned out not to hold, such as one that was not free. */
  async invalidate(userId: string, purpose: string, why: string): Promise<ConsentRecord | undefined> {
    checkOnePurpose(purpose);
    const last = await this.#last(userId, purpose);
    if (last === undefined || last.endedAt !== undefined || last.state === "refused") return undefined;
    purgeJournals(this.#store, userId, purpose);
    await this.#end(consentInvalidated, userId, last, { act: why, by: "operator" });
    return this.#byId(userId, last.consent);
  }

  /** Records that a person was asked, or put the answer off; neither is an answer. */
  async asked(
    userId: string,
    purpose: string,
    { shown, deferred = false }: { readonly shown?: ShownNotice; readonly deferred?: boolean } = {},
  ): Promise<void> {
    checkPersonId(userId);
    const { version } = this.#consentPurpose(purpose);
    const notice = this.#notice(shown);
    await this.#audit.record(deferred ? consentDeferred : consentRequested, {
      ...this.#persons(userId, "self"),
      data: { purpose, version, notice: notice.notice, noticeVersion: notice.version, language: notice.language },
    }).stored;
  }

  /** Where a person stands with every purpose, or with one. */
  async status(userId: string): Promise<ConsentStatus[]>;
  async status(userId: string, purpose: string): Promise<ConsentStatus>;
  async status(userId: string, only?: string): Promise<ConsentStatus | ConsentStatus[]> {
    checkPersonId(userId);
    const now = this.#now();
    const records = await this.#store.consentsOf(userId);
    const statusOf = async (purpose: Purpose): Promise<ConsentStatus> => {
      const last = records.findLast((record) => record.purpose === purpose.purpose);
      const inForce = (await this.#store.consentInForce(userId, purpose.purpose, now)) !== undefined;
      const open = last !== undefined && last.endedAt === undefined && last.state !== "refused";
      const ranOut = open && last.validUntil !== undefined && Date.parse(last.validUntil) <= now;
      const state = last === undefined ? "none" : open && !inForce ? (ranOut ? "expired" : "reconsent_needed") : last.state;
      const quietUntil = last?.state === "refused" ? Date.parse(last.decidedAt) + (purpose.askAgainAfterDays ?? 180) * DAY_MS : 0;
      return { purpose, state, inForce, ...(last === undefined ? {} : { last }), mayAsk: !inForce && now >= quietUntil };
    };
    if (only !== undefined) return statusOf(this.#purpose(only));
    return Promise.all(
      this.purposes()
        .filter(({ lawfulBasis = "6(1)(a)" }) => isConsentBasis(lawfulBasis))
        .map(statusOf),
    );
  }

  /** Everything a person agreed to or refused, oldest first. */
  history(userId: string): Promise<readonly ConsentRecord[]> {
    return this.#store.consentsOf(userId);
  }

  /** The receipt of one agreement or refusal (ISO/IEC TS 27560, in terms of the W3C Data Privacy Vocabulary). */
  receipt(record: ConsentRecord): ConsentReceipt {
    const purpose = this.#purposes.find((known) => known.purpose === record.purpose && known.version === record.version);
    const notice = this.publishedNotice({ notice: record.notice, version: record.noticeVersion, language: record.language });
    if (purpose === undefined || notice === undefined) throw unknown(`${record.purpose} ${record.version}`);
    return consentReceipt(record, purposeOf(purpose), notice);
  }

  /** True where the receipt says what the trail holds about this person: it is made again and compared. */
  async verifyReceipt(userId: string, receipt: ConsentReceipt): Promise<boolean> {
    const record = await this.#byId(userId, receipt["dct:identifier"]);
    return record !== undefined && JSON.stringify(this.receipt(record)) === JSON.stringify(receipt);
  }

  /**
   * Records the end of every consent whose time is over, and with it deletes the journal of its purpose; deletes entries that are older
   * than their purpose keeps them. Answers how many consents ended.
   */
  async expireDue(): Promise<number> {
    for (const { purpose, retention } of this.purposes()) {
      if (!("days" in retention)) continue;
      const before = this.#now() - retention.days * DAY_MS;
      while ((await this.#store.expireJournal(purpose, before, ROWS_AT_ONCE)) === ROWS_AT_ONCE);
    }
    for (let ended = 0; ; ) {
      const step = await this.#store.expireConsents(this.#now(), SWEEP_STEP);
      ended += step;
      if (step < SWEEP_STEP) return ended;
    }
  }

  /** Stops looking for consents that ran out. */
  close(): void {
    clearInterval(this.#timer);
  }

  async #decide(
    definition: EventDefinition,
    userId: string,
    { purpose, version }: Purpose,
    options: DecideOptions,
    last: ConsentRecord | undefined,
    more: { readonly act: string; readonly expression: string; readonly validUntil?: string },
  ): Promise<ConsentRecord> {
    const { method, shown, by = "self", jurisdiction, guardian } = options;
    checkMethod(method);
    const notice = this.#notice(shown);
    const consent = uuidV7(this.#now());
    const data: JsonObject = {
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
      ...(last === undefined ? {} : { previous: last.consent }),
      ...(jurisdiction === undefined ? {} : { jurisdiction }),
      ...(guardian === undefined ? {} : { guardian: { ...guardian } }),
      ...more,
    };
    await this.#audit.recordWith(definition, { ...this.#persons(userId, by), data }, {}).stored;
    const record = await this.#byId(userId, consent);
    if (record === undefined) {
      throw new DaybookError(
        "STORE_FAILED",
        "The store kept the record of a consent but not the consent; run `daybook verify` and rebuild the consents.",
      );
    }
    return record;
  }

  async #end(
    definition: EventDefinition,
    userId: string,
    last: ConsentRecord,
    how: { readonly method?: string; readonly act: string; readonly by: string },
  ) {
    const { consent, record, purpose, version, epoch } = last;
    const data = { purpose, consent, record, version, epoch: epoch + 1, ...how };
    await this.#audit.recordWith(definition, { ...this.#persons(userId, how.by), data }, {}).stored;
  }

  /** The person acts where the request is theirs; otherwise whoever is at work acts, and the record is about the person. */
  #persons(userId: string, by: string) {
    const actor = currentContext()?.actor();
    if (actor?.id === userId) return { actor };
    if (by === "self") return { actor: { kind: "user" as const, id: userId } };
    return { actor: actor ?? { kind: "system" as const }, subjects: [{ id: userId }] };
  }

  async #last(userId: string, purpose: string): Promise<ConsentRecord | undefined> {
    checkPersonId(userId);
    return (await this.#store.consentsOf(userId)).findLast((record) => record.purpose === purpose);
  }

  async #byId(userId: string, consent: string): Promise<ConsentRecord | undefined> {
    return (await this.#store.consentsOf(userId)).find((record) => record.consent === consent);
  }

  /** The newest version in force. */
  #purpose(purpose: string): Purpose {
    const time = new Date(this.#now()).toISOString();
    const found = this.#purposes.findLast((known) => known.purpose === purpose && known.effectiveFrom <= time);
    if (found === undefined) throw unknown(String(purpose));
    return purposeOf(found);
  }

  #consentPurpose(purpose: string): Purpose {
    checkOnePurpose(purpose);
    const found = this.#purpose(purpose);
    if (!isConsentBasis(found.lawfulBasis ?? "6(1)(a)")) {
      throw new DaybookError("BAD_OPTION", `Purpose ${purpose} rests on ${found.lawfulBasis}, so nobody is asked to agree to it.`);
    }
    return found;
  }

  #notice(shown: ShownNotice | undefined, language?: string): NoticeVersion {
    const time = new Date(this.#now()).toISOString();
    const inForce = this.#notices.filter(({ effectiveFrom }) => effectiveFrom <= time);
    if (shown !== undefined) {
      const found = inForce.find(
        (known) => known.notice === shown.notice && known.version === shown.version && known.language === shown.language,
      );
      if (found === undefined) throw unknown(`${shown.notice} ${shown.version} (${shown.language})`);
      return found;
    }
    const newest = inForce.at(-1);
    if (newest === undefined) throw unknown("the notice");
    const versions = inForce.filter((known) => known.notice === newest.notice && known.version === newest.version);
    return versions.find((known) => known.language === (language ?? "en")) ?? versions[0]!;
  }

  #childUntil({ birthDate, guardian, jurisdiction }: DecideOptions): string | undefined {
    const end = birthDate === undefined ? undefined : childUntil({ birthDate, country: jurisdiction, ages: this.#ages }, this.#now());
    if (guardian !== undefined && (!isText(guardian.relation) || !isText(guardian.verification))) {
      throw new DaybookError(
        "GUARDIAN_REQUIRED",
        "Say with `guardian` how the guardian is related and how that was checked (GDPR, Art. 8(2)).",
      );
    }
    if (end !== undefined && guardian === undefined) {
      throw new DaybookError("GUARDIAN_REQUIRED", `Until ${end.slice(0, 10)} a guardian has to agree (GDPR, Art. 8(1)).`);
    }
    if (guardian !== undefined && end === undefined && birthDate !== undefined) {
      throw new DaybookError("BAD_OPTION", "Whoever is old enough decides alone; leave `guardian` out.");
    }
    return end;
  }
}

/**
 * Opens consent over an audit trail and publishes purposes and notices that are new.
 * @throws {DaybookError} `BAD_DEFINITION`, `RETENTION_UNBOUNDED`, `BASIS_CHANGED`, `VERSION_CHANGED`
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

function checkOnePurpose(purpose: unknown): void {
  if (typeof purpose === "string" && !purpose.includes(",")) return;
  throw new DaybookError("CONSENT_BUNDLED", "Ask for each purpose by itself: one record, one purpose (GDPR, recitals 32 and 43).");
}

function checkMethod(method: unknown): void {
  if (!(CONSENT_METHODS as readonly unknown[]).includes(method))
    throw new DaybookError("BAD_OPTION", `\`method\` is one of ${CONSENT_METHODS.join(", ")}.`);
}

function refuseOtherBasis(version: PurposeVersion, known: readonly PurposeVersion[]): void {
  const before = known.findLast((old) => old.purpose === version.purpose && old.version !== version.version);
  if (before === undefined) return;
  const [old, next] = [purposeOf(before).lawfulBasis, purposeOf(version).lawfulBasis];
  if (isConsentBasis(old) === isConsentBasis(next)) return;
  throw new DaybookError(
    "BASIS_CHANGED",
    `Purpose ${version.purpose} rests on ${old}; a purpose on ${next} is another one and needs another name (GDPR, Art. 6 and 13(1)(c)).`,
  );
}

const sameNotice = (a: NoticeVersion, b: NoticeVersion) => a.notice === b.notice && a.version === b.version && a.language === b.language;

const unknown = (what: string) =>
  new DaybookError("PURPOSE_UNKNOWN", `${what} is not published or not yet in force; give it to createConsent.`);

const asError = (cause: unknown) =>
  cause instanceof DaybookError
    ? cause
    : new DaybookError("STORE_FAILED", cause instanceof Error ? cause.message : String(cause), { cause });

import { type AuditLog, DaybookError } from "@daybook/core";
import { type ConsentStore, type NoticeVersion, noticePublished, type PurposeVersion, purposePublished } from "@daybook/core/store";
import type { ShownNotice } from "./consent-options.ts";
import { type Notice, noticeVersion } from "./notice.ts";
import { isConsentBasis, type Purpose, purposeOf, purposeVersion } from "./purpose.ts";

/** The purposes and notices that were published, in all their versions. */
export class PublishedTexts {
  readonly #audit: AuditLog;
  readonly #store: ConsentStore;
  readonly #now: () => number;
  #purposes: readonly PurposeVersion[] = [];
  #notices: readonly NoticeVersion[] = [];

  constructor(audit: AuditLog, store: ConsentStore, now: () => number) {
    this.#audit = audit;
    this.#store = store;
    this.#now = now;
  }

  /** @throws {DaybookError} `BAD_DEFINITION`, `RETENTION_UNBOUNDED`, `BASIS_CHANGED`, `VERSION_CHANGED` */
  async publish(purposes: readonly Purpose[], notices: readonly Notice[]): Promise<void> {
    const now = this.#now();
    const known = await this.#store.purposes();
    const knownNotices = await this.#store.notices();
    const purposeVersions = purposes.map((purpose) => purposeVersion(purpose, now));
    const noticeVersions = notices.map((notice) => noticeVersion(notice, now));
    for (const version of purposeVersions) refuseOtherBasis(version, known);
    const newPurposes = purposeVersions.filter((version) => !known.some((old) => samePurpose(old, version)));
    const newNotices = noticeVersions.filter((version) => !knownNotices.some((old) => sameNotice(old, version)));
    for (const { purpose, version, sha256, change, effectiveFrom } of newPurposes) {
      await this.#audit.record(purposePublished, { data: { purpose, version, sha256, change, effectiveFrom } }).stored;
    }
    for (const { notice, version, language, sha256, change, effectiveFrom } of newNotices) {
      await this.#audit.record(noticePublished, { data: { notice, version, language, sha256, change, effectiveFrom } }).stored;
    }
    await this.#store.publish(purposeVersions, noticeVersions);
    await this.load();
  }

  /** Reads what was published before. */
  async load(): Promise<void> {
    this.#purposes = await this.#store.purposes();
    this.#notices = await this.#store.notices();
  }

  /** Versions in force of all purposes, in the order of their first publication. */
  purposes(): Purpose[] {
    const names = [...new Set(this.#purposes.map(({ purpose }) => purpose))];
    return names.flatMap((name) => this.#newest(name) ?? []);
  }

  /** The newest version in force. @throws {DaybookError} `PURPOSE_UNKNOWN` */
  purpose(purpose: string): Purpose {
    const found = this.#newest(purpose);
    if (found === undefined) throw unknownText(String(purpose));
    return found;
  }

  #newest(purpose: string): Purpose | undefined {
    const time = new Date(this.#now()).toISOString();
    const found = this.#purposes.findLast((known) => known.purpose === purpose && known.effectiveFrom <= time);
    return found === undefined ? undefined : purposeOf(found);
  }

  /** A purpose that rests on consent. @throws {DaybookError} `PURPOSE_UNKNOWN`, `BAD_OPTION` */
  consentPurpose(purpose: string): Purpose {
    const found = this.purpose(purpose);
    if (!isConsentBasis(found.lawfulBasis ?? "6(1)(a)")) {
      throw new DaybookError("BAD_OPTION", `Purpose ${purpose} rests on ${found.lawfulBasis}: no person is asked to agree to it.`);
    }
    return found;
  }

  /** One version of a purpose, as it was published. */
  purposeAs(purpose: string, version: string): PurposeVersion | undefined {
    return this.#purposes.find((known) => samePurpose(known, { purpose, version }));
  }

  /** One version of a notice, as it was published. */
  noticeAs(shown: ShownNotice): NoticeVersion | undefined {
    return this.#notices.find((known) => sameNotice(known, shown));
  }

  /**
   * The notice in force that was shown. Default: the newest one, in the language or its first one.
   * @throws {DaybookError} `PURPOSE_UNKNOWN`
   */
  noticeInForce(shown: ShownNotice | undefined, language = "en"): NoticeVersion {
    const time = new Date(this.#now()).toISOString();
    const inForce = this.#notices.filter(({ effectiveFrom }) => effectiveFrom <= time);
    if (shown !== undefined) {
      const found = inForce.find((known) => sameNotice(known, shown));
      if (found === undefined) throw unknownText(`${shown.notice} ${shown.version} (${shown.language})`);
      return found;
    }
    const newest = inForce.at(-1);
    if (newest === undefined) throw unknownText("the notice");
    const versions = inForce.filter((known) => known.notice === newest.notice && known.version === newest.version);
    return versions.find((known) => known.language === language) ?? versions[0] ?? newest;
  }
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

const samePurpose = (a: Pick<PurposeVersion, "purpose" | "version">, b: Pick<PurposeVersion, "purpose" | "version">) =>
  a.purpose === b.purpose && a.version === b.version;

const sameNotice = (a: ShownNotice, b: ShownNotice) => a.notice === b.notice && a.version === b.version && a.language === b.language;

/** The error for a purpose or notice that was never published. */
export const unknownText = (what: string): DaybookError =>
  new DaybookError("PURPOSE_UNKNOWN", `${what} is not published or not yet in force; give it to createConsent.`);

import { createHash } from "node:crypto";
import { DaybookError, type JsonObject } from "@daybook/core";
import type { ChangeKind, NoticeVersion } from "@daybook/core/store";
import { canonicalText } from "@daybook/ledger";
import { isText, isTime } from "./purpose.ts";

/** The controller, who decides about purposes and means (Art. 13(1)(a) and (b)). */
export interface Controller {
  /** Name of the organisation. */
  readonly name: string;
  /** Postal address. */
  readonly address: string;
  /** How to reach it, such as an e-mail address. */
  readonly contact: string;
  /** Data protection officer. Default: there is none. */
  readonly dpo?: string;
}

/** The text that people see when they are asked, in one version and language. It is published unchanged and can be shown again years later. */
export interface Notice {
  /** A code, `[a-z][a-z0-9_.]{0,63}`. */
  readonly notice: string;
  /** 1 to 32 letters, digits, dots, dashes or underscores. */
  readonly version: string;
  /** BCP 47. Default `en`. */
  readonly language?: string;
  /** The exact text that is shown. */
  readonly content: string;
  /** Default `text/plain`. */
  readonly mediaType?: string;
  /** The words beside the control the person uses. */
  readonly phrase: string;
  /** The controller. */
  readonly controller: Controller;
  /** Page on which a person uses the rights. */
  readonly rightsUrl: string;
  /** Page on which a person withdraws the consent. */
  readonly withdrawUrl: string;
  /** The supervisory authority to complain to (Art. 77). */
  readonly authority: string;
  /** What this version changes against the one before: `material` asks every person again. Default `material`. */
  readonly change?: ChangeKind;
  /** ISO time from which it is in force. Default: the time of publication. */
  readonly effectiveFrom?: string;
}

const CODE = /^[a-z][a-z0-9_.]{0,63}$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;

/**
 * Checks a notice and returns it, with its type.
 * @throws {DaybookError} `BAD_DEFINITION`
 */
export function defineNotice(notice: Notice): Notice {
  const name = `notice ${String(notice.notice)}`;
  if (typeof notice.notice !== "string" || !CODE.test(notice.notice)) throw bad(name, "`notice` is a code such as reader_privacy");
  if (typeof notice.version !== "string" || !VERSION.test(notice.version))
    throw bad(name, "`version` is 1 to 32 letters, digits, dots, dashes or underscores");
  for (const field of ["content", "phrase", "rightsUrl", "withdrawUrl", "authority"] as const) {
    if (!isText(notice[field])) throw bad(name, `\`${field}\` is a text`);
  }
  for (const field of ["name", "address", "contact"] as const) {
    if (!isText(notice.controller?.[field])) throw bad(name, `\`controller.${field}\` is a text`);
  }
  if (notice.effectiveFrom !== undefined && !isTime(notice.effectiveFrom)) throw bad(name, "`effectiveFrom` is an ISO time in UTC");
  return notice;
}

/** A notice as the store keeps it: its text byte for byte, and the rest beside it. */
export function noticeVersion(given: Notice, now: number): NoticeVersion {
  const {
    notice,
    version,
    language = "en",
    mediaType = "text/plain",
    content,
    change = "material",
    effectiveFrom,
    ...rest
  } = defineNotice(given);
  return {
    notice,
    version,
    language,
    change,
    effectiveFrom: effectiveFrom === undefined ? new Date(now).toISOString() : new Date(effectiveFrom).toISOString(),
    mediaType,
    content,
    sha256: createHash("sha256").update(content, "utf8").digest("hex"),
    definition: canonicalText(rest as unknown as JsonObject),
  };
}

/** The notice as it was published. */
export function noticeOf(version: NoticeVersion): Required<Notice> {
  const { notice, language, mediaType, content, change, effectiveFrom } = version;
  return {
    ...(JSON.parse(version.definition) as Required<Notice>),
    notice,
    version: version.version,
    language,
    mediaType,
    content,
    change,
    effectiveFrom,
  };
}

const bad = (name: string, rule: string) => new DaybookError("BAD_DEFINITION", `In ${name}: ${rule}.`);

import { createHash } from "node:crypto";
import { DaybookError, type JsonObject } from "@daybook/core";
import type { ChangeKind, NoticeVersion } from "@daybook/core/store";
import { canonicalText } from "@daybook/ledger";
import { isText, isTime } from "./purpose.ts";

/** Who decides about purposes and means, and how to reach them (Art. 13(1)(a) and (b)). */
export interface Controller {
  readonly name: string;
  readonly address: string;
  readonly contact: string;
  /** Data protection officer. Default: there is none. */
  readonly dpo?: string;
}

/** The text people are shown when they are asked, in one version and language. Published as it is, it can be shown again years later. */
export interface Notice {
  /** A code, `[a-z][a-z0-9_.]{0,63}`. */
  readonly notice: string;
  readonly version: string;
  /** BCP 47. Default `en`. */
  readonly language?: string;
  /** The exact text that is shown. */
  readonly content: string;
  /** Default `text/plain`. */
  readonly mediaType?: string;
  /** The words beside the control the person uses. */
  readonly phrase: string;
  readonly controller: Controller;
  /** Where a person can use their rights, and where they take the consent back. */
  readonly rightsUrl: string;
  readonly withdrawUrl: string;
  /** The supervisory authority to complain to (Art. 77). */
  readonly authority: string;
  /** What this version changes against the one before: `material` asks everybody anew. Default `material`. */
  readonly change?: ChangeKind;
  /** From when it holds, ISO time. Default: when it is published. */
  readonly effectiveFrom?: string;
}

const CODE = /^[a-z][a-z0-9_.]{0,63}$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;

/**
 * Checks a notice and gives it back: a place to declare it with its type.
 * @throws {DaybookError} `BAD_DEFINITION`
 */
export function defineNotice(notice: Notice): Notice {
  const name = `notice ${String(notice.notice)}`;
  if (typeof notice.notice !== "string" || !CODE.test(notice.notice)) throw bad(name, "`notice` is a code such as reader_privacy");
  if (typeof notice.version !== "string" || !VERSION.test(notice.version))
    throw bad(name, "`version` is 1 to 32 letters, digits, dots, dashes or underscores");
  for (const field of ["content", "phrase", "rightsUrl", "withdrawUrl", "authority"] as const) {
    if (!isText(notice[field])) throw bad(name, `\`${field}\` says something`);
  }
  for (const field of ["name", "address", "contact"] as const) {
    if (!isText(notice.controller?.[field])) throw bad(name, `\`controller.${field}\` says something`);
  }
  if (notice.effectiveFrom !== undefined && !isTime(notice.effectiveFrom)) throw bad(name, "`effectiveFrom` is an ISO time in UTC");
  return notice;
}

/** What the store keeps of a notice: its text byte for byte, and the rest beside it. */
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

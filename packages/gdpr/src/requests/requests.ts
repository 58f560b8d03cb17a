import { randomBytes } from "node:crypto";
import { type AuditLog, currentContext, DaybookError } from "@daybook/core";
import {
  type AuditStore,
  DAY_MS,
  type DataRequest,
  defined,
  REQUEST_KINDS,
  REQUEST_OUTCOMES,
  REQUEST_STATES,
  type RequestKind,
  type RequestOutcome,
  type RequestState,
  type RequestStore,
  requestClosed,
  requestDecided,
  requestDelivered,
  requestExtended,
  requestMoved,
  requestPaused,
  requestReceived,
  requestResumed,
  requestVerified,
  VERIFICATION_METHODS,
} from "@daybook/core/store";
import { isText } from "../consent/purpose.ts";
import type { Verification } from "../person/identity.ts";
import { type Calendar, DUE_RULE, daysLater, dueDate, endOfDay, PLAIN_CALENDAR } from "./due-date.ts";

/** How a request can come in. */
export const REQUEST_CHANNELS = ["web", "mail", "letter", "phone", "in_person", "representative"] as const;
/** One of `REQUEST_CHANNELS`. */
export type RequestChannel = (typeof REQUEST_CHANNELS)[number];

/** Options of `createRequests`. */
export interface RequestsOptions {
  /** The audit trail that records the steps. */
  readonly audit: AuditLog;
  /** The store of that audit trail. */
  readonly store: AuditStore & RequestStore;
  /** How due dates are counted. Default `PLAIN_CALENDAR`. */
  readonly calendar?: Calendar;
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
}

/** A request as it came in. */
export interface ReceiveOptions {
  /** What the person asks for. */
  readonly kinds: readonly RequestKind[];
  /** How it came in. */
  readonly channel: RequestChannel;
  /** The person. Default: not known yet. */
  readonly userId?: string;
  /** ISO time at which it came in. Default now. */
  readonly receivedAt?: string;
  /** Country of the person, ISO 3166-1 alpha-2. */
  readonly jurisdiction?: string;
  /** Language of the person, BCP 47. */
  readonly language?: string;
  /** A note of the operator. */
  readonly note?: string;
}

/** Options of `requests.extend`. */
export interface ExtendOptions {
  /** Further months, 1 or 2. Default 2. */
  readonly months?: 1 | 2;
  /** Why: complexity or number of requests (Art. 12(3)). */
  readonly reason: string;
  /** ISO time at which the person was informed. Default now. */
  readonly toldAt?: string;
}

/** A decision about one kind of data. */
export interface Decision {
  /** Kind of data: a retention class as the plan of an erasure names it, or `journal`. */
  readonly category: string;
  /** `act`: the request is fulfilled for this kind. */
  readonly outcome: "act" | "limit" | "refuse";
  /** Article and sentence; needed for `limit` and `refuse`. */
  readonly ground?: string;
  /** In words, for the person. */
  readonly explanation?: string;
}

/** The dates of a request. */
export interface RequestDates {
  /** The date that counts now, with an extension if there is one. */
  readonly due: string;
  /** The same plus the days of pauses. Authorities differ on whether these count. */
  readonly dueWithPauses: string;
  /** Whole days until `due`; below 0 if it is over. */
  readonly daysLeft: number;
  /** True after `due`. */
  readonly overdue: boolean;
}

/** The remedies, recorded with every refusal (Art. 12(4)). */
export const REMEDY = "You can complain to a supervisory authority (Art. 77) and go to court (Art. 79).";

/**
 * The register of requests of data subjects: what came in when, from which person, the due date, and the decisions. Every step is a
 * record of the trail. Only the first one names the person.
 */
export class Requests {
  readonly #audit: AuditLog;
  readonly #store: AuditStore & RequestStore;
  readonly #calendar: Calendar;
  readonly #now: () => number;

  /** Prefer `createRequests`. */
  constructor({ audit, store, calendar = PLAIN_CALENDAR, clock }: RequestsOptions) {
    this.#audit = audit;
    this.#store = store;
    this.#calendar = calendar;
    this.#now = clock === undefined ? Date.now : () => clock.now();
  }

  /** Registers a request with its due date. @throws {DaybookError} `BAD_OPTION` */
  async receive({ kinds, channel, userId, receivedAt, jurisdiction, language, note }: ReceiveOptions): Promise<DataRequest> {
    if (!Array.isArray(kinds) || kinds.length === 0 || !kinds.every((kind) => REQUEST_KINDS.includes(kind))) {
      throw new DaybookError("BAD_OPTION", `\`kinds\` is a list of ${REQUEST_KINDS.join(", ")}.`);
    }
    if (!REQUEST_CHANNELS.includes(channel)) throw new DaybookError("BAD_OPTION", `\`channel\` is one of ${REQUEST_CHANNELS.join(", ")}.`);
    const now = this.#now();
    const at = receivedAt === undefined ? now : Date.parse(receivedAt);
    if (Number.isNaN(at) || at > now + DAY_MS)
      throw new DaybookError("BAD_OPTION", "`receivedAt` is an ISO time that is not in the future.");
    const request = `dsr-${randomBytes(5).toString("hex")}`;
    const actor = currentContext()?.actor() ?? { kind: "system" as const };
    const own = userId !== undefined && actor.id === userId;
    const data = defined({
      request,
      kinds: [...new Set(kinds)],
      person: userId === undefined ? "unknown" : own ? "actor" : "subject",
      channel,
      receivedAt: new Date(at).toISOString(),
      dueAt: dueDate(at, 1, this.#calendar),
      calendar: this.#calendar.id,
      rule: DUE_RULE,
      jurisdiction,
      language,
      note,
    });
    await this.#audit.record(requestReceived, { actor, ...(userId === undefined || own ? {} : { subjects: [{ id: userId }] }), data })
      .stored;
    return this.#found(request);
  }

  /** Records how the requester was checked, with the result. Of a document only a digest is kept, never a copy. */
  async verify(request: string, { method, confirmed }: Verification, evidenceSha256?: string): Promise<DataRequest> {
    await this.#open(request);
    if (!VERIFICATION_METHODS.includes(method))
      throw new DaybookError("BAD_OPTION", `\`method\` is one of ${VERIFICATION_METHODS.join(", ")}.`);
    if (evidenceSha256 !== undefined && !/^[0-9a-f]{64}$/.test(evidenceSha256))
      throw new DaybookError("BAD_OPTION", "`evidenceSha256` is 64 hexadecimal digits.");
    const data = defined({ request, method, result: confirmed ? "confirmed" : "failed", evidenceSha256 });
    await this.#audit.record(requestVerified, { data }).stored;
    return this.#found(request);
  }

  /** Stops the clock, usually to check the requester (Art. 12(6)). */
  async pause(request: string, ground: string): Promise<DataRequest> {
    const { pausedSince } = await this.#open(request);
    if (!isText(ground)) throw new DaybookError("BAD_OPTION", "Say on which ground the clock stops.");
    if (pausedSince !== undefined) throw new DaybookError("REQUEST_STATE", `The clock of ${request} is paused since ${pausedSince}.`);
    await this.#audit.record(requestPaused, { data: { request, ground } }).stored;
    return this.#found(request);
  }

  /** Lets the clock run again. @throws {DaybookError} `REQUEST_STATE` */
  async resume(request: string): Promise<DataRequest> {
    if ((await this.#open(request)).pausedSince === undefined)
      throw new DaybookError("REQUEST_STATE", `The clock of ${request} is not paused.`);
    await this.#audit.record(requestResumed, { data: { request } }).stored;
    return this.#found(request);
  }

  /**
   * Extends the time by one or two months, once. The person must get the reason within the first month (Art. 12(3)).
   * @throws {DaybookError} `DEADLINE_PASSED`, `REQUEST_STATE`, `BAD_OPTION`
   */
  async extend(request: string, { months = 2, reason, toldAt }: ExtendOptions): Promise<DataRequest> {
    const found = await this.#open(request);
    const now = this.#now();
    if (months !== 1 && months !== 2) throw new DaybookError("BAD_OPTION", "An extension is one month or two (GDPR, Art. 12(3)).");
    if (!isText(reason)) throw new DaybookError("BAD_OPTION", "An extension has a reason, which the person gets.");
    if (found.extendedUntil !== undefined)
      throw new DaybookError("REQUEST_STATE", `${request} was extended already, until ${found.extendedUntil}.`);
    const told = toldAt === undefined ? now : Date.parse(toldAt);
    if (Number.isNaN(told) || told > now) throw new DaybookError("BAD_OPTION", "`toldAt` is an ISO time that is not in the future.");
    const deadline = endOfDay(found.dueAt);
    if (now >= deadline || told >= deadline) {
      throw new DaybookError(
        "DEADLINE_PASSED",
        `The first month of ${request} ended on ${found.dueAt}: respond now, and say why it is late.`,
      );
    }
    const until = dueDate(Date.parse(found.receivedAt), 1 + months, this.#calendar);
    await this.#audit.record(requestExtended, { data: { request, until, reason, toldAt: new Date(told).toISOString() } }).stored;
    return this.#found(request);
  }

  /** Moves a request to another state, except `delivered` and `closed`, which have their own calls. */
  async move(request: string, state: RequestState, note?: string): Promise<DataRequest> {
    await this.#open(request);
    if (!REQUEST_STATES.includes(state) || state === "delivered" || state === "closed")
      throw new DaybookError("BAD_OPTION", `\`state\` is one of ${REQUEST_STATES.slice(0, -2).join(", ")}.`);
    await this.#audit.record(requestMoved, { data: defined({ request, state, note }) }).stored;
    return this.#found(request);
  }

  /** Records a decision about one kind of data. @throws {DaybookError} `BAD_OPTION`: a limit or refusal without a ground */
  async decide(request: string, { category, outcome, ground, explanation }: Decision): Promise<void> {
    await this.#open(request);
    if (!["act", "limit", "refuse"].includes(outcome)) throw new DaybookError("BAD_OPTION", "`outcome` is act, limit or refuse.");
    if (outcome !== "act" && !isText(ground))
      throw new DaybookError("BAD_OPTION", "A limit or refusal rests on an article; name it with `ground` (GDPR, Art. 12(4)).");
    await this.#audit.record(requestDecided, { data: defined({ request, category, outcome, ground, explanation }) }).stored;
  }

  /** Records that the response was handed over, through an authenticated channel (Art. 32). */
  async deliver(
    request: string,
    {
      via,
      files,
      manifestSha256,
      expiresAt,
    }: { readonly via: string; readonly files?: number; readonly manifestSha256?: string; readonly expiresAt?: string },
  ): Promise<DataRequest> {
    const found = await this.#open(request);
    if (!isText(via)) throw new DaybookError("BAD_OPTION", "Say with `via` how the response was handed over.");
    if (found.verification?.confirmed !== true)
      throw new DaybookError("IDENTITY_UNVERIFIED", `The requester of ${request} was not confirmed; verify the request first.`);
    await this.#audit.record(requestDelivered, { data: defined({ request, via, files, manifestSha256, expiresAt }) }).stored;
    return this.#found(request);
  }

  /**
   * Finishes a request. A refusal names its ground, and the record keeps the remedies (Art. 12(4)).
   * @throws {DaybookError} `BAD_OPTION`, `REQUEST_STATE`
   */
  async close(request: string, outcome: RequestOutcome, ground?: string): Promise<DataRequest> {
    await this.#open(request);
    if (!REQUEST_OUTCOMES.includes(outcome)) throw new DaybookError("BAD_OPTION", `\`outcome\` is one of ${REQUEST_OUTCOMES.join(", ")}.`);
    const refused = outcome === "refused" || outcome === "partly_refused";
    if (refused && !isText(ground)) throw new DaybookError("BAD_OPTION", "A refusal names its ground (GDPR, Art. 12(4)).");
    const data = defined({ request, outcome, ground, remedy: refused ? REMEDY : undefined });
    await this.#audit.record(requestClosed, { data }).stored;
    return this.#found(request);
  }

  /** One request; undefined if there is none. */
  get(request: string): Promise<DataRequest | undefined> {
    return this.#store.request(request);
  }

  /** Requests, open ones first, the earliest due date first. */
  list(filter?: { readonly open?: boolean; readonly userId?: string; readonly limit?: number }): Promise<readonly DataRequest[]> {
    return this.#store.requests(filter);
  }

  /** The dates of a request, as of now. */
  dates(request: DataRequest): RequestDates {
    const now = this.#now();
    const due = request.extendedUntil ?? request.dueAt;
    const paused = request.pausedMs + (request.pausedSince === undefined ? 0 : Math.max(0, now - Date.parse(request.pausedSince)));
    const left = endOfDay(due) - (request.closedAt === undefined ? now : Date.parse(request.closedAt));
    return { due, dueWithPauses: daysLater(due, paused), daysLeft: Math.ceil(left / DAY_MS) - 1, overdue: left <= 0 };
  }

  async #open(request: string): Promise<DataRequest> {
    const found = await this.#found(request);
    if (found.closedAt !== undefined) throw new DaybookError("REQUEST_STATE", `Request ${request} is closed; register a new one.`);
    return found;
  }

  async #found(request: string): Promise<DataRequest> {
    const found = await this.#store.request(request);
    if (found === undefined)
      throw new DaybookError("REQUEST_UNKNOWN", `There is no request ${JSON.stringify(request)}; \`daybook gdpr requests\` lists them.`);
    return found;
  }
}

/** The register of requests over a store that keeps one. */
export const createRequests = (options: RequestsOptions): Requests => new Requests(options);

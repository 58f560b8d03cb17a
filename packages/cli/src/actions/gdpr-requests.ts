import { type StoredEvent, trailRead } from "@daybook/core";
import { type DataRequest, defined, type RequestOutcome } from "@daybook/core/store";
import { createRequests, type Requests } from "@daybook/gdpr";
import type { CHANNEL_CHOICES, KIND_CHOICES, METHOD_CHOICES, STATE_CHOICES } from "../choices/gdpr-choices.ts";
import { textTable } from "../output/text-table.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { onTrail, type PersonOptions, type PrivacyTrail, personOf } from "../trail/privacy-trail.ts";

export interface GdprRequestAddOptions extends PersonOptions {
  readonly kind: readonly (typeof KIND_CHOICES)[number][];
  readonly channel: (typeof CHANNEL_CHOICES)[number];
  readonly received?: string;
  readonly jurisdiction?: string;
  readonly language?: string;
}

export interface GdprRequestStepOptions {
  readonly db?: string;
  readonly method?: (typeof METHOD_CHOICES)[number];
  readonly failed?: boolean;
  readonly evidenceSha256?: string;
  readonly reason?: string;
  readonly months?: number;
  readonly told?: string;
  readonly ground?: string;
  readonly state?: (typeof STATE_CHOICES)[number];
  readonly category?: string;
  readonly outcome?: string;
  readonly explanation?: string;
  readonly via?: string;
  readonly manifestSha256?: string;
  readonly expires?: string;
}

/** Options of a step, of which commander has checked that these are given. */
type With<K extends keyof GdprRequestStepOptions> = GdprRequestStepOptions & Required<Pick<GdprRequestStepOptions, K>>;

export interface GdprRequestsOptions {
  readonly db?: string;
  readonly all?: boolean;
  readonly format: "table" | "json";
}

const COLUMNS = ["request", "kinds", "state", "received", "due", "with pauses", "days left", "verified"] as const;

const registerOf = ({ audit, store, configuration: { privacy = {} } }: PrivacyTrail): Requests =>
  createRequests({ audit, store, ...defined({ calendar: privacy.calendar }) });

const rowOf = (requests: Requests, request: DataRequest): string[] => {
  const { due, dueWithPauses, daysLeft, overdue } = requests.dates(request);
  const left =
    request.closedAt !== undefined ? `closed, ${request.outcome ?? ""}` : overdue ? `OVERDUE by ${-daysLeft - 1}` : String(daysLeft);
  return [
    request.request,
    request.kinds.join(" "),
    request.state,
    request.receivedAt.slice(0, 10),
    due,
    dueWithPauses,
    left,
    request.verification?.confirmed === true ? request.verification.method : "no",
  ];
};

export function list({ db, all = false, format }: GdprRequestsOptions): Promise<ExitStatus> {
  return onTrail(db, async (trail) => {
    const requests = registerOf(trail);
    const found = await requests.list(defined({ open: all ? undefined : true }));
    await trail.audit.record(trailRead, { data: { verb: "gdpr requests", records: found.length } }).stored;
    if (format === "json")
      process.stdout.write(
        `${JSON.stringify(
          found.map((request) => ({ ...request, dates: requests.dates(request) })),
          null,
          2,
        )}\n`,
      );
    else
      process.stdout.write(
        textTable(
          COLUMNS,
          found.map((request) => rowOf(requests, request)),
        ),
      );
    return found.length > 0 ? EXIT.ok : EXIT.nothing;
  });
}

export function add({ kind, channel, received, jurisdiction, language, ...options }: GdprRequestAddOptions): Promise<ExitStatus> {
  const userId = options.user === undefined && options.userFile === undefined ? undefined : personOf(options);
  return onTrail(options.db, async (trail) => {
    const requests = registerOf(trail);
    const request = await requests.receive({
      kinds: kind,
      channel,
      ...defined({ userId, receivedAt: received, jurisdiction, language }),
    });
    process.stdout.write(textTable(COLUMNS, [rowOf(requests, request)]));
    return EXIT.ok;
  });
}

export function show(id: string, { db }: GdprRequestStepOptions): Promise<ExitStatus> {
  return onTrail(db, async (trail) => {
    const { store, audit } = trail;
    const request = await store.request(id);
    if (request === undefined) {
      process.stderr.write("daybook: there is no such request\n");
      return EXIT.nothing;
    }
    const steps: StoredEvent[] = [];
    for (const seq of await store.requestRecords(id))
      steps.push(...(await store.query({ after: seq - 1 }, { order: "oldest", limit: 1 })).events);
    await audit.record(trailRead, { data: { verb: "gdpr requests show", records: steps.length } }).stored;
    process.stdout.write(`${JSON.stringify({ ...request, dates: registerOf(trail).dates(request), steps }, null, 2)}\n`);
    return EXIT.ok;
  });
}

/** Takes one step of a request and prints the request. */
const stepped = (db: string | undefined, step: (requests: Requests) => Promise<DataRequest | undefined>): Promise<ExitStatus> =>
  onTrail(db, async (trail) => {
    const requests = registerOf(trail);
    const request = await step(requests);
    if (request !== undefined) process.stdout.write(textTable(COLUMNS, [rowOf(requests, request)]));
    return EXIT.ok;
  });

export const verify = (id: string, { db, method, failed = false, evidenceSha256 }: With<"method">) =>
  stepped(db, (requests) => requests.verify(id, { method, confirmed: !failed }, evidenceSha256));

export const pause = (id: string, { db, ground }: With<"ground">) => stepped(db, (requests) => requests.pause(id, ground));

export const resume = (id: string, { db }: GdprRequestStepOptions) => stepped(db, (requests) => requests.resume(id));

export const extend = (id: string, { db, reason, months, told }: With<"reason">) =>
  stepped(db, (requests) => requests.extend(id, { months: months as 1 | 2, reason, ...defined({ toldAt: told }) }));

export const move = (id: string, { db, state }: With<"state">) => stepped(db, (requests) => requests.move(id, state));

export const decide = (id: string, { db, category, outcome, ground, explanation }: With<"category">) =>
  stepped(db, async (requests) => {
    await requests.decide(id, {
      category,
      outcome: outcome as "act" | "limit" | "refuse",
      ...defined({ ground, explanation }),
    });
    return requests.get(id);
  });

export const deliver = (id: string, { db, via, manifestSha256, expires }: With<"via">) =>
  stepped(db, (requests) =>
    requests.deliver(id, {
      via,
      ...defined({ manifestSha256, expiresAt: expires }),
    }),
  );

export const close = (id: string, { db, outcome, ground }: GdprRequestStepOptions) =>
  stepped(db, (requests) => requests.close(id, outcome as RequestOutcome, ground));

import { randomBytes } from "node:crypto";
import { DaybookError } from "../daybook-error.ts";
import { type Gap, GapTracker } from "../delivery/gap-tracker.ts";
import { type Delivery, deliveryTo } from "../delivery/sink-delivery.ts";
import { BUILT_IN_EVENTS } from "../events/built-in-events.ts";
import { Catalogue } from "../events/catalogue.ts";
import { FAILURE_POLICIES } from "../events/failure-policy.ts";
import { personDaysOf } from "../events/retention-class.ts";
import { PlainCodec } from "../spool/plain-codec.ts";
import { Spool } from "../spool/spool.ts";
import {
  type AuditLogOptions,
  DEFAULT_DEADLINE_MS,
  DEFAULT_QUEUE_BYTES,
  DEFAULT_QUEUE_EVENTS,
  DEFAULT_SPOOL_BYTES,
  type GivenSink,
  LEAST_SPOOL_BYTES,
} from "./audit-log-options.ts";
import { ClockWatch } from "./clock-watch.ts";
import { EventComposer } from "./event-composer.ts";
import { Handlings } from "./handling.ts";
import { ProblemReport } from "./problem-report.ts";

/** The parts of one audit log, made from its options. */
export interface LogParts {
  /** Name of this log's life: process id and a random part. */
  readonly run: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly catalogue: Catalogue;
  readonly composer: EventComposer;
  readonly report: ProblemReport;
  readonly clock: ClockWatch;
  readonly gaps: GapTracker;
  readonly spool: Spool | undefined;
  /** In the order given, the store first. */
  readonly deliveries: readonly Delivery[];
  /** The store's delivery, or that of the first required sink: it has the spool, and its losses are gaps. */
  readonly primary: Delivery;
  readonly handlings: Handlings;
  /** Call it if a caller waits for an event: required sinks get queued events at once. */
  readonly hurry: () => void;
}

/**
 * Checks the options and makes the parts.
 * @param onGap called with each gap once it is over
 * @throws {DaybookError} `BAD_OPTION`, `DUPLICATE_DEFINITION`, `SPOOL_FAILED`
 */
export function logParts(options: AuditLogOptions, onGap: (gap: Gap) => void): LogParts {
  const { store, clock, service, instance, onProblem, onNotice, deadlineMs = DEFAULT_DEADLINE_MS } = options;
  const now = clock === undefined ? Date.now : () => clock.now();
  const catalogue = new Catalogue([...BUILT_IN_EVENTS, ...(options.catalogue ?? [])]);
  const composer = new EventComposer({ service, instance, fullAddresses: new Set(options.fullAddresses) });
  refuseUnknownPolicies(options);
  const sinks = sinksOf(options);
  for (const given of sinks) refuseOutliving(given, catalogue);
  const first = sinks.find((given) => given.required);
  if (first === undefined) throw new DaybookError("BAD_OPTION", "Give a `store`, or mark one of the `sinks` as required.");
  const report = new ProblemReport({ onProblem, onNotice, now });
  const problem = (error: DaybookError) => report.problem(error);
  const gaps = new GapTracker(now, onGap);
  const run = `${process.pid}-${randomBytes(6).toString("hex")}`;
  const plainCodec = new PlainCodec(catalogue);
  const path = options.spool === false ? undefined : (options.spool?.path ?? store?.spoolPath);
  const maxBytes = (options.spool || undefined)?.maxBytes ?? DEFAULT_SPOOL_BYTES;
  if (path !== undefined && !(maxBytes >= LEAST_SPOOL_BYTES))
    throw new DaybookError("BAD_OPTION", `\`spool.maxBytes\` is at least ${LEAST_SPOOL_BYTES}.`);
  const codec = first.sink.codec ?? plainCodec;
  const { idempotent } = first.sink.supports;
  const spool = path === undefined ? undefined : Spool.open({ path, maxBytes, codec, run, idempotent, now, problem });
  const deliver = (given: GivenSink) =>
    deliveryTo({
      sink: given.sink,
      required: given.required ?? false,
      types: given.types && new Set(given.types),
      maxEvents: options.queue?.maxEvents ?? DEFAULT_QUEUE_EVENTS,
      maxBytes: options.queue?.maxBytes ?? DEFAULT_QUEUE_BYTES,
      deadlineMs,
      plainCodec,
      spool: given === first ? spool : undefined,
      gaps: given === first ? gaps : undefined,
      problem,
    });
  const primary = deliver(first);
  const deliveries = sinks.map((given) => (given === first ? primary : deliver(given)));
  const { delivery, onStoreFailure } = options;
  const handlings = new Handlings({ deliveries, delivery, onStoreFailure, hasSpool: spool !== undefined });
  const hurry = () => {
    for (const delivery of deliveries) if (delivery.required) delivery.hurry();
  };
  return { run, now, catalogue, composer, report, clock: new ClockWatch(now), gaps, spool, deliveries, primary, handlings, hurry };
}

function sinksOf({ store, sinks = [] }: AuditLogOptions): GivenSink[] {
  const given = sinks.map((each) => ("sink" in each ? each : { sink: each }));
  return store === undefined ? given : [{ sink: store, required: true }, ...given];
}

function refuseUnknownPolicies({ onStoreFailure = {} }: AuditLogOptions): void {
  for (const [name, policy] of Object.entries(onStoreFailure)) {
    if (FAILURE_POLICIES.includes(policy)) continue;
    throw new DaybookError("BAD_OPTION", `\`onStoreFailure.${name}\` is one of ${FAILURE_POLICIES.join(", ")}.`);
  }
}

/** Refuses a sink that no person can be erased from, if it keeps records longer than they may be kept. */
function refuseOutliving({ sink, types }: GivenSink, catalogue: Catalogue): void {
  const { erasure, expiresAfterDays } = sink.supports;
  if (erasure !== "expire" || expiresAfterDays === undefined) return;
  for (const definition of catalogue.all()) {
    const days = types === undefined || types.includes(definition.type) ? personDaysOf(definition) : undefined;
    if (days === undefined || expiresAfterDays <= days) continue;
    throw new DaybookError(
      "BAD_OPTION",
      `Sink ${sink.name} keeps records for ${expiresAfterDays} days, but the personal part of ${definition.type} may be kept for ${days}: let it keep fewer files, or give it other \`types\`.`,
    );
  }
}

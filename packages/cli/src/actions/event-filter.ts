import type { EventFilter, Outcome, Severity } from "@daybook/core";
import { before, defined } from "@daybook/core/store";
import { UsageError } from "../process/usage-error.ts";

/** Which records a verb is about. */
export interface FilterOptions {
  readonly db?: string;
  readonly eventType?: readonly string[];
  readonly action?: readonly string[];
  readonly severity?: readonly Severity[];
  readonly outcome?: readonly Outcome[];
  readonly user?: string;
  readonly actor?: string;
  readonly request?: string;
  readonly tenant?: string;
  readonly endpoint?: string;
}

const listed = (values: readonly string[]) => values.flatMap((value) => value.split(","));

/** The filter the options of a verb ask for. */
export function filterOf({ eventType, action, severity, outcome, user, actor, request, tenant, endpoint }: FilterOptions): EventFilter {
  return defined({
    type: eventType === undefined ? undefined : listed(eventType),
    action: action === undefined ? undefined : listed(action),
    severity,
    outcome,
    user,
    actor,
    requestId: request,
    tenant,
    route: endpoint,
  });
}

export interface RangeOptions {
  readonly last?: string;
  readonly since?: string;
  readonly until?: string;
}

/** @throws {UsageError} */
export function rangeOf({ last, since, until }: RangeOptions): EventFilter {
  if (last !== undefined && since !== undefined) throw new UsageError("Give --last or --since, not both.");
  return defined({
    since: last === undefined ? (since === undefined ? undefined : timeOf("--since", since)) : before(last, Date.now()),
    until: until === undefined ? undefined : timeOf("--until", until),
  });
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/;

/** A date alone, or a time without a zone, is UTC: the trail is. */
function timeOf(option: string, text: string): number {
  const zoned = /T/.test(text) && !/(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? `${text}Z` : text;
  const time = ISO_TIME.test(text) ? Date.parse(zoned) : Number.NaN;
  if (Number.isNaN(time)) throw new UsageError(`${option} is a time such as 2026-11-24 or 2026-11-24T09:30:00Z.`);
  return time;
}

/** Events for the comparison of storage layouts, split into parts as the writer gets them. */
import { uuidV7 } from "../../packages/core/src/recording/uuid-v7.ts";
import { newKeys, pseudonymOf, type SplitEntry, splitEvent } from "../../packages/ledger/src/index.ts";
import { sampleEvent } from "../sides/sample-events.ts";

export interface LayoutEvent {
  readonly id: string;
  readonly time: string;
  readonly split: SplitEntry;
  /** Values of the bucket's summary, which the recorder has at hand. */
  readonly fields: readonly (string | undefined)[];
}

/** Fixed, so that every process of a run makes the same pseudonyms and seals. */
export const KEYS = newKeys("bench.example/layouts", (bytes) => Buffer.alloc(bytes, 7));
export const subOf = (user: string): string => pseudonymOf(KEYS, user);

const FIRST_TIME = Date.UTC(2026, 0, 1);
const MS_BETWEEN = 40;
/** Persons with one event in 400: 500 parts among 200,000 events. */
export const STEADY = ["steady-0", "steady-1", "steady-2", "steady-3", "steady-4"] as const;
const STEADY_AT = new Map([7, 87, 167, 247, 327].map((at, i) => [at, STEADY[i]!]));
export const RARE_TYPE = "suspicious_activity";
const RARE_EVERY = 2_003;
/** Such events have a second person, so they have four parts: head, actor, subject, context. */
const SUBJECT_EVERY = 20;

/** Flat copies: a string that is still a tree of pieces would cost the first side that reads it. */
const flat = (text: string) => Buffer.from(text).toString();

/** @param pool prefix of the persons' names, so that later events can be about other persons */
export function eventAt(n: number, pool = ""): LayoutEvent {
  const { definition, fields, request } = sampleEvent(n);
  const ms = FIRST_TIME + n * MS_BETWEEN;
  const event = {
    id: uuidV7(ms),
    time: new Date(ms).toISOString(),
    type: n % RARE_EVERY === RARE_EVERY - 1 ? RARE_TYPE : definition.type,
    action: definition.action,
    severity: definition.severity,
    outcome: n % 50 === 0 ? "denied" : definition.outcome,
    ...fields,
    actor: { ...fields.actor!, id: pool + (STEADY_AT.get(n % 400) ?? fields.actor!.id) },
    request,
    ...(n % SUBJECT_EVERY === 3 && { subjects: [{ id: `${pool}subject-${n % 3_000}`, about: { loan: n } }] }),
  };
  const { class: entryClass, parts } = splitEvent(event as Parameters<typeof splitEvent>[0], { keys: KEYS });
  return {
    id: event.id,
    time: event.time,
    fields: [event.action, event.outcome, request.route, event.severity, event.type],
    split: { class: entryClass, parts: parts.map((part) => ({ ...part, text: flat(part.text) })) },
  };
}

export const eventsFrom = (from: number, count: number, pool = ""): LayoutEvent[] =>
  Array.from({ length: count }, (_, i) => eventAt(from + i, pool));

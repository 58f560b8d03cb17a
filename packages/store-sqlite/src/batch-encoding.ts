import type { AuditEvent, EventDefinition, SinkEntry } from "@daybook/core";

/**
 * A batch on its way to the writer thread is one flat array of primitives: cloning that costs the request thread less than
 * cloning objects, JSON text or shared memory (docs/performance.md).
 */
export type FlatBatch = readonly (string | number | undefined)[];

/** What the writer has to know of a definition; sent once each. */
export interface WriterDefinition {
  readonly type: string;
  readonly action: string;
  readonly personal: readonly string[] | undefined;
  readonly resourceIdDeclared: boolean;
  readonly retention: number | undefined;
}

export const writerDefinition = (definition: EventDefinition): WriterDefinition => ({
  type: definition.type,
  action: definition.action,
  personal: definition.personal,
  resourceIdDeclared: definition.resourceId === "impersonal",
  retention: definition.retention,
});

export interface DecodedEvent {
  readonly event: AuditEvent;
  readonly definition: WriterDefinition;
}

/** Values of one event, in this order. */
const WIDTH = 28;

const json = (value: unknown) => (value === undefined ? undefined : JSON.stringify(value));
const parsed = (text: string | undefined) => (text === undefined ? undefined : JSON.parse(text));

export function encodeBatch(batch: readonly SinkEntry[], indexOf: (definition: EventDefinition) => number): FlatBatch {
  const flat: (string | number | undefined)[] = new Array(batch.length * WIDTH);
  let i = 0;
  for (const { event, definition } of batch) {
    const { actor, request, resource, error } = event;
    flat[i++] = indexOf(definition);
    flat[i++] = event.id;
    flat[i++] = event.time;
    flat[i++] = event.severity;
    flat[i++] = event.outcome;
    flat[i++] = actor.kind;
    flat[i++] = actor.id;
    flat[i++] = actor.sessionId;
    flat[i++] = actor.ip;
    flat[i++] = actor.userAgent;
    flat[i++] = json(actor.about);
    flat[i++] = json(event.subjects);
    flat[i++] = resource?.type;
    flat[i++] = resource?.id;
    flat[i++] = event.purpose;
    flat[i++] = event.reason;
    flat[i++] = request?.id;
    flat[i++] = request?.traceId;
    flat[i++] = request?.spanId;
    flat[i++] = request?.method;
    flat[i++] = request?.route;
    flat[i++] = request?.status;
    flat[i++] = request?.durationMs;
    flat[i++] = event.tenant;
    flat[i++] = json(event.data);
    flat[i++] = json(error);
    flat[i++] = event.service;
    flat[i++] = event.instance;
  }
  return flat;
}

export function decodeBatch(flat: FlatBatch, definitions: readonly WriterDefinition[]): DecodedEvent[] {
  const events: DecodedEvent[] = [];
  let i = 0;
  const text = () => flat[i++] as string | undefined;
  const number = () => flat[i++] as number | undefined;
  while (i < flat.length) {
    const definition = definitions[number()!]!;
    const event: AuditEvent = {
      id: text()!,
      time: text()!,
      type: definition.type,
      action: definition.action,
      severity: text() as AuditEvent["severity"],
      outcome: text() as AuditEvent["outcome"],
      actor: {
        kind: text() as AuditEvent["actor"]["kind"],
        id: text(),
        sessionId: text(),
        ip: text(),
        userAgent: text(),
        about: parsed(text()),
      } as AuditEvent["actor"],
      subjects: parsed(text()),
      resource: present({ type: text(), id: text() }, "type"),
      purpose: text(),
      reason: text(),
      request: { id: text(), traceId: text(), spanId: text(), method: text(), route: text(), status: number(), durationMs: number() },
      tenant: text(),
      data: parsed(text()),
      error: parsed(text()),
      service: text(),
      instance: text(),
    } as AuditEvent;
    events.push({ event, definition });
  }
  return events;
}

const present = <T extends object>(value: T, key: keyof T): T | undefined => (value[key] === undefined ? undefined : value);

import type { Catalogue } from "../events/catalogue.ts";
import { type EventDefinition, headKeysOf } from "../events/event-definition.ts";
import type { AppendOptions, AppendResult, AuditSink, RefusedEvent, SinkEntry } from "./audit-sink.ts";

/** An event as it waits for its store, in memory or in the spool. */
export interface EncodedEvent {
  readonly id: string;
  readonly type: string;
  /** What `encode` gave. */
  readonly text: string;
}

/**
 * The form in which a store takes events, and in which they wait for it: as text, outside of the JavaScript heap while they wait in
 * memory, and in the spool while the store takes none, so that one person can be removed there too. A store without a form of its
 * own is given events as they were recorded.
 */
export interface EventForm {
  /**
   * One event as text without line breaks. It runs on the thread of the requests, as soon as the event is recorded.
   * @throws {Error} for an event the store can never take, with `code` and `hint` where the error has them
   */
  encode(entry: SinkEntry): string;
  /** Why a text must not lie in a file; undefined where it may. Absent: all may. */
  spoolRefusal?(text: string): Omit<RefusedEvent, "id"> | undefined;
  /**
   * Like `append` of the sink: in order, whole or not at all apart from refused events, and each event kept once. While a store has
   * a form, its log calls this instead.
   * @param lines texts in UTF-8, each ended by a line feed. The bytes are the store's from then on.
   */
  append(lines: Uint8Array, options: AppendOptions): Promise<AppendResult>;
  /** Like `appendSync` of the sink. */
  appendSync?(lines: Uint8Array, deadlineMs: number): AppendResult;
  /** The text without what belongs to these persons; the same text where nothing did; undefined where the event has to go. */
  forget(text: string, userIds: readonly string[]): string | undefined;
}

/** Why `encode` did not take an event. */
export function refusalOf(id: string, cause: unknown): RefusedEvent {
  const { code = "EVENT_REFUSED", hint, message } = cause as { code?: string; hint?: string; message: string };
  return { id, code, hint: hint ?? message };
}

export const linesOf = (events: readonly EncodedEvent[]): Uint8Array => Buffer.from(events.map(({ text }) => `${text}\n`).join(""));

/** What a definition says about splitting, kept beside the event: the next version of the application may not know the definition. */
type Splitting = Pick<EventDefinition, "personal" | "resourceId" | "retention">;

interface PlainText extends Splitting {
  readonly event: SinkEntry["event"];
}

/** The form in the spool for a store that has none of its own: the event as JSON. */
export function plainForm(sink: AuditSink, catalogue: Catalogue): EventForm {
  const restored = new Map<string, EventDefinition>();
  const definitionOf = ({ event, personal, resourceId, retention }: PlainText): EventDefinition => {
    const listed = catalogue.find(event);
    if (listed !== undefined) return listed;
    const name = `${event.type}/${event.action}`;
    let definition = restored.get(name);
    if (definition === undefined) {
      const { type, action, severity, outcome } = event;
      definition = {
        type,
        action,
        severity,
        outcome,
        schema: undefined,
        delivery: "background",
        onStoreFailure: undefined,
        personal,
        resourceId,
        retention,
        description: undefined,
      };
      restored.set(name, definition);
    }
    return definition;
  };
  return {
    encode({ event, definition: { personal, resourceId, retention } }) {
      return JSON.stringify({ event, personal, resourceId, retention } satisfies PlainText);
    },
    append(lines, options) {
      const texts = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString("utf8").split("\n");
      const entries = texts.slice(0, -1).map((text) => {
        const plain = JSON.parse(text) as PlainText;
        return { event: plain.event, definition: definitionOf(plain) };
      });
      return sink.append(entries, options);
    },
    forget(text, userIds) {
      const plain = JSON.parse(text) as PlainText;
      const gone = new Set(userIds);
      const { event } = plain;
      const subjects = event.subjects?.filter((subject) => !gone.has(subject.id));
      const actorGone = event.actor.id !== undefined && gone.has(event.actor.id);
      if (!actorGone && subjects?.length === event.subjects?.length) return text;
      // What belongs to everybody in an event goes with the first of them (docs/privacy.md).
      const { data, error, resource, request, tenant, subjects: _subjects, ...rest } = event;
      const head = headKeysOf(plain, data).map((key) => [key, data?.[key]]);
      const kept = {
        ...rest,
        actor: actorGone ? { kind: event.actor.kind } : event.actor,
        ...(subjects === undefined || subjects.length === 0 ? {} : { subjects }),
        ...(resource === undefined ? {} : { resource: plain.resourceId === "impersonal" ? resource : { type: resource.type } }),
        ...(head.length === 0 ? {} : { data: Object.fromEntries(head) }),
        ...(error?.code === undefined ? {} : { error: { code: error.code } }),
        ...(request === undefined ? {} : { request: actorGone ? impersonal(request) : request }),
        ...(tenant === undefined || actorGone ? {} : { tenant }),
      };
      return JSON.stringify({ ...plain, event: kept });
    },
  };
}

const impersonal = ({ method, route, status, durationMs }: NonNullable<SinkEntry["event"]["request"]>) => ({
  method,
  route,
  status,
  durationMs,
});

import type { EncodedEvent, EventCodec } from "../contracts/event-codec.ts";
import type { SinkEntry } from "../contracts/sink-entry.ts";
import { defined } from "../defined.ts";
import type { Catalogue } from "../events/catalogue.ts";
import { type EventDefinition, headKeysOf } from "../events/event-definition.ts";

/** What a definition says about splitting, kept beside the event: the next version of the application may not know the definition. */
interface PlainText extends Pick<EventDefinition, "personal" | "resourceId" | "retention"> {
  readonly event: SinkEntry["event"];
}

/** The codec of the spool for a sink that has none of its own: an event is one line of JSON. */
export class PlainCodec implements EventCodec {
  readonly #catalogue: Catalogue;
  readonly #restored = new Map<string, EventDefinition>();

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  encode({ event, definition: { personal, resourceId, retention } }: SinkEntry): string {
    return JSON.stringify({ event, personal, resourceId, retention } satisfies PlainText);
  }

  /** Turns encoded events into the entries they were. */
  decode(events: readonly EncodedEvent[]): SinkEntry[] {
    return events.map(({ text }) => {
      const plain = JSON.parse(text) as PlainText;
      return { event: plain.event, definition: this.#definitionOf(plain) };
    });
  }

  forget(text: string, userIds: readonly string[]): string {
    const plain = JSON.parse(text) as PlainText;
    const gone = new Set(userIds);
    const { event } = plain;
    const subjects = event.subjects?.filter((subject) => !gone.has(subject.id));
    const actorGone = event.actor.id !== undefined && gone.has(event.actor.id);
    if (!actorGone && subjects?.length === event.subjects?.length) return text;
    // Fields that belong to every person of an event go with the first of them (docs/privacy.md).
    const { data, error, resource, request, tenant, subjects: _subjects, ...rest } = event;
    const head = headKeysOf(plain, data).map((key) => [key, data?.[key]]);
    const kept = {
      ...rest,
      actor: actorGone ? { kind: event.actor.kind } : event.actor,
      ...defined({
        subjects: subjects === undefined || subjects.length === 0 ? undefined : subjects,
        resource: resource && (plain.resourceId === "impersonal" ? resource : { type: resource.type }),
        data: head.length === 0 ? undefined : Object.fromEntries(head),
        error: error?.code === undefined ? undefined : { code: error.code },
        request: request && actorGone ? impersonal(request) : request,
        tenant: actorGone ? undefined : tenant,
      }),
    };
    return JSON.stringify({ ...plain, event: kept });
  }

  #definitionOf({ event, personal, resourceId, retention }: PlainText): EventDefinition {
    const listed = this.#catalogue.find(event);
    if (listed !== undefined) return listed;
    const name = `${event.type}/${event.action}`;
    const known = this.#restored.get(name);
    if (known !== undefined) return known;
    const { type, action, severity, outcome } = event;
    const definition: EventDefinition = {
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
    this.#restored.set(name, definition);
    return definition;
  }
}

const impersonal = ({ method, route, status, durationMs }: NonNullable<SinkEntry["event"]["request"]>) => ({
  method,
  route,
  status,
  durationMs,
});

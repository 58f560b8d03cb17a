import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Actor, Subject } from "../events/actor.ts";
import type { EventError, Resource } from "../events/audit-event.ts";
import type { EventDefinition, PayloadSchema } from "../events/event-definition.ts";
import type { Outcome } from "../events/outcome.ts";
import type { Severity } from "../events/severity.ts";

type Payload<D extends EventDefinition> = D extends { readonly schema: infer S extends PayloadSchema }
  ? StandardSchemaV1.InferInput<S>
  : undefined;

type DataField<D extends EventDefinition> = [Payload<D>] extends [undefined]
  ? { readonly data?: undefined }
  : Record<never, never> extends Payload<D>
    ? { readonly data?: Payload<D> | undefined }
    : { readonly data: Payload<D> };

/** Fields of a record beside its payload. Actor, request and trace come from the context unless given. */
interface EnvelopeFields {
  readonly actor?: Actor | undefined;
  readonly subjects?: readonly Subject[] | undefined;
  readonly resource?: Resource | undefined;
  readonly purpose?: string | undefined;
  readonly reason?: string | undefined;
  readonly tenant?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly outcome?: Outcome | undefined;
  readonly error?: EventError | undefined;
}

/** The fields of a record of one definition: the payload its schema takes, and the envelope. */
export type RecordFields<D extends EventDefinition> = DataField<D> & EnvelopeFields;

/** The fields of a record whose definition is known at run time only. */
export type AnyRecordFields = EnvelopeFields & { readonly data?: unknown };

export type RecordArguments<D extends EventDefinition> =
  Record<never, never> extends RecordFields<D> ? [fields?: RecordFields<D>] : [fields: RecordFields<D>];

import { AsyncLocalStorage } from "node:async_hooks";
import type { Receipt } from "../contracts/receipt.ts";
import type { Actor } from "../events/actor.ts";

/** Why a request is refused. */
export interface Denial {
  readonly resource?: { readonly type: string; readonly id?: string };
  /** A code. */
  readonly reason?: string;
  /** Name of the policy that refused. */
  readonly policy?: string;
  readonly permissionsHeld?: readonly string[];
  readonly permissionsRequired?: readonly string[];
}

/** The fields that every record made below a request, a job or a command inherits. */
export interface RequestContext {
  /** Called for each record: a later middleware may find out who the user is. */
  actor(): Actor;
  readonly requestId?: string | undefined;
  readonly traceId?: string | undefined;
  readonly spanId?: string | undefined;
  readonly method?: string | undefined;
  /** The route template, if it is known yet. */
  route?(): string | undefined;
  readonly tenant?: string | undefined;
  /** Holds the response of an open exchange until this durable receipt settles. Returns false if the response can no longer be held. */
  holdResponse?(receipt: Receipt): boolean;
  /** Sets the reason of the denial this exchange will record. Returns false if the exchange has ended. */
  deny?(denial: Denial): boolean;
}

// The ESM and the CommonJS build, or two versions, share one storage, so that each sees a context the other set.
const KEY = Symbol.for("daybook.request-context.v1");
const shared = globalThis as { [KEY]?: AsyncLocalStorage<RequestContext> };
shared[KEY] ??= new AsyncLocalStorage<RequestContext>();
const storage: AsyncLocalStorage<RequestContext> = shared[KEY];

/** The context of the running request, job or command; undefined outside of any. */
export const currentContext = (): RequestContext | undefined => storage.getStore();

/** Runs `work`. Everything it records inherits `context`, also later and in timers it starts. */
export function runInContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** Runs a function in the context in which this module was loaded: for work that outlives the request that starts it. */
export const runOutside = AsyncLocalStorage.snapshot();

/**
 * Runs a job outside a request as `actor`. Everything it records has this actor.
 * @param more further fields of the context, such as the tenant
 * @example
 * ```ts
 * import { createAuditLog, memoryStore, noteRecorded, runAs } from "@daybook/core";
 *
 * const audit = createAuditLog({ store: memoryStore() });
 * runAs({ kind: "service", id: "nightly-import" }, () => {
 *   audit.record(noteRecorded, { data: { note: "1 200 books imported" } });
 * });
 * ```
 */
export function runAs<T>(actor: Actor, work: () => T, more: Omit<RequestContext, "actor"> = {}): T {
  return storage.run({ ...more, actor: () => actor }, work);
}

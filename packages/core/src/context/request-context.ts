import { AsyncLocalStorage } from "node:async_hooks";
import type { Receipt } from "../contracts/receipt.ts";
import type { Actor } from "../events/actor.ts";

export interface Denial {
  readonly resource?: { readonly type: string; readonly id?: string };
  /** A code. */
  readonly reason?: string;
  /** Name of the policy that refused. */
  readonly policy?: string;
  readonly permissionsHeld?: readonly string[];
  readonly permissionsRequired?: readonly string[];
}

/** What every record made below a request, a job or a command inherits. */
export interface RequestContext {
  /** Asked each time a record is made: the user is often known only after a later middleware. */
  actor(): Actor;
  readonly requestId?: string | undefined;
  readonly traceId?: string | undefined;
  readonly spanId?: string | undefined;
  readonly method?: string | undefined;
  /** The route template as far as it is known now. */
  route?(): string | undefined;
  readonly tenant?: string | undefined;
  /** A durable record was made: an exchange that is still open holds its answer for it. Answers false if nothing can be held. */
  hold?(receipt: Receipt): boolean;
  /** The reason of the denial this exchange will record. Answers false if the exchange has ended. */
  deny?(denial: Denial): boolean;
}

// The ESM and the CommonJS build, or two versions, share one storage: a context set by one is seen by the other.
const KEY = Symbol.for("daybook.request-context.v1");
const shared = globalThis as { [KEY]?: AsyncLocalStorage<RequestContext> };
shared[KEY] ??= new AsyncLocalStorage<RequestContext>();
const storage: AsyncLocalStorage<RequestContext> = shared[KEY];

export const currentContext = (): RequestContext | undefined => storage.getStore();

/** Runs `work` so that everything it records, also later and in timers it starts, inherits `context`. */
export function runInContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** Runs `work` in the context in which this module was loaded: for what goes on longer than the request that happens to begin it. */
export const runOutside = AsyncLocalStorage.snapshot();

/** Runs a job outside a request as `actor`: `runAs({ kind: "service", id: "nightly-import" }, () => importAll())`. */
export function runAs<T>(actor: Actor, work: () => T, more: Omit<RequestContext, "actor"> = {}): T {
  return storage.run({ ...more, actor: () => actor }, work);
}

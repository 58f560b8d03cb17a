import type { AuditSink } from "../contracts/audit-sink.ts";
import { DaybookError } from "../daybook-error.ts";
import { checkedRefusals } from "./append-result.ts";
import type { DeliveryAccount } from "./delivery-account.ts";
import type { DeliveryResults } from "./delivery-results.ts";
import type { QueuedEvent } from "./queued-event.ts";
import type { SinkInput } from "./sink-input.ts";
import type { SpoolRelay } from "./spool-relay.ts";

export interface DeliveryExit<E extends QueuedEvent> {
  readonly sink: AuditSink;
  readonly input: SinkInput<E>;
  readonly account: DeliveryAccount;
  readonly results: DeliveryResults;
  readonly relay: SpoolRelay<E>;
  /** The batch of the open write. */
  readonly inFlight: readonly E[];
  readonly queued: readonly E[];
  readonly deadlineMs: number;
  readonly asError: (cause: unknown) => DaybookError;
  readonly problem: (error: DaybookError) => void;
}

/**
 * Writes events while the process exits, without returning to the event loop: to the sink, otherwise to the spool.
 * @returns the number of events lost
 */
export function writeAtExit<E extends QueuedEvent>(exit: DeliveryExit<E>): number {
  const { sink, input, account, results, relay, inFlight, queued, deadlineMs, asError, problem } = exit;
  if (inFlight.length + queued.length === 0) return 0;
  const { idempotent } = sink.supports;
  // The batch of the open write goes again first: an idempotent sink that already has it keeps it once.
  const all = idempotent ? [...inFlight, ...queued] : queued;
  let error = new DaybookError("SINK_FAILED", `Sink ${sink.name} cannot write while the process exits.`);
  if (input.appendSync !== undefined) {
    try {
      const refused = checkedRefusals(sink.name, input.appendSync(all, deadlineMs));
      results.stored(all, refused);
      if (!idempotent) for (const { type } of inFlight) account.write(type);
      return 0;
    } catch (cause) {
      error = asError(cause);
    }
  }
  const rest = [...inFlight, ...queued];
  try {
    if (relay.spoolRestSync(rest)) return 0;
  } catch (cause) {
    error = asError(cause);
  }
  for (const event of rest) results.dropped(event, "exit", error);
  problem(error);
  return rest.length;
}

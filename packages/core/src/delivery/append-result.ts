import type { AppendResult } from "../contracts/audit-sink.ts";
import type { RefusedEvent } from "../contracts/sink-entry.ts";
import { DaybookError } from "../daybook-error.ts";

/**
 * Checks what a sink returned from a write, before anything is counted by it.
 * @throws {DaybookError} `SINK_FAILED` if it is not an `AppendResult`: the batch counts as not stored
 */
export function checkedRefusals(sinkName: string, result: unknown): readonly RefusedEvent[] {
  const refused = (result as Partial<AppendResult> | null | undefined)?.refused;
  if (Array.isArray(refused) && refused.every(isRefusal)) return refused;
  throw new DaybookError(
    "SINK_FAILED",
    `Sink ${sinkName} resolved a write without \`refused\`, a list of { id, code, hint }. Let it return { refused: [] } for a stored batch.`,
  );
}

const isRefusal = (value: unknown): value is RefusedEvent => {
  const { id, code, hint } = (value ?? {}) as Partial<Record<keyof RefusedEvent, unknown>>;
  return typeof id === "string" && typeof code === "string" && typeof hint === "string";
};

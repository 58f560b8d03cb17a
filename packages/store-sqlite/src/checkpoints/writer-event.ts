import type { ErrorCode } from "@daybook/core";
import type { Checkpoint } from "./checkpointer.ts";

/** A message that the writer sends on its own. */
export type WriterEvent =
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint; readonly urgent: boolean; readonly tookMs: number }
  /** Progress of a retention run, in entries. */
  | { readonly kind: "retention"; readonly looked: number; readonly total: number }
  | { readonly kind: "problem"; readonly code: ErrorCode; readonly hint: string };

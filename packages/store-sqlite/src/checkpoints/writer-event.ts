import type { ErrorCode } from "@daybook/core";
import type { Checkpoint } from "./checkpointer.ts";

/** What the writer tells without being asked. */
export type WriterEvent =
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint; readonly urgent: boolean; readonly tookMs: number }
  /** How far a run of retention has looked. */
  | { readonly kind: "retention"; readonly looked: number; readonly total: number }
  | { readonly kind: "problem"; readonly code: ErrorCode; readonly hint: string };

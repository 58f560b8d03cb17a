import { DaybookError, type ErrorCode, isDaybookError } from "./daybook-error.ts";

/** A `DaybookError` as it is; anything else becomes the cause of one with this code, its text behind the prefix. */
export const asError = (cause: unknown, code: ErrorCode, prefix: string): DaybookError =>
  isDaybookError(cause) ? cause : new DaybookError(code, `${prefix}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });

import { asError } from "../as-error.ts";
import { DaybookError } from "../daybook-error.ts";

export const damagedSpool = (aside: string): DaybookError =>
  new DaybookError(
    "SPOOL_DAMAGED",
    `The readable events are replayed. The damaged file is kept as ${aside}: find out what happened to it.`,
  );

export const spoolFailure = (cause: unknown, path: string): DaybookError => asError(cause, "SPOOL_FAILED", path);

/** Returned by `audit.record` at once. */
export interface Receipt {
  /** Id of the event. */
  readonly id: string;
  /**
   * Resolves when the record is durable in a required sink or in the spool. Rejects with a `DaybookError` if it never will be, or with
   * `SINK_TIMEOUT` if that is not known at the deadline of the log. A receipt that no caller awaits makes no unhandled rejection.
   */
  readonly stored: Promise<void>;
}

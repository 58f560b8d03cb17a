/** What `audit.record` hands back at once. */
export interface Receipt {
  /** Id of the event. */
  readonly id: string;
  /**
   * Settles when the record is durable in a required sink or in the spool, with nothing; rejects with a `DaybookError` if it never
   * will be, or with `SINK_TIMEOUT` if that is not known when the deadline of the log is over. Not looking at it is fine: no
   * unhandled rejection is made.
   */
  readonly stored: Promise<void>;
}

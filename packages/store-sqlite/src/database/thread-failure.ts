/** An error as it crosses from a thread: the code and the hint of the `DaybookError` it becomes again. */
export interface ThreadFailure {
  readonly code: string;
  readonly hint: string;
}

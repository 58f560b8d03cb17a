/** An error as it crosses from a thread: the code and the hint of its `DaybookError`. */
export interface ThreadFailure {
  readonly code: string;
  readonly hint: string;
}

/** Exit status of the command line. */
export const EXIT = {
  ok: 0,
  /** A finding, or something failed. */
  failure: 1,
  usage: 2,
  /** Nothing matched. */
  nothing: 3,
  /** Done in part. */
  partial: 4,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/** Takes the exit status of a verb when it has run. */
export type Done = (status: ExitStatus) => void;

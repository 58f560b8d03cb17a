import type { DaybookError } from "../daybook-error.ts";

export interface ProblemReportOptions {
  readonly onProblem: ((error: DaybookError) => void) | undefined;
  readonly onNotice: ((notice: string) => void) | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** Shortest time between two lines on stderr about the same code. */
const REPORT_EVERY_MS = 10_000;

/** Reports failures that no caller awaits: to the application's handler, otherwise to stderr. */
export class ProblemReport {
  readonly #options: ProblemReportOptions;
  readonly #reported = new Map<string, number>();

  constructor(options: ProblemReportOptions) {
    this.#options = options;
  }

  problem(error: DaybookError): void {
    const { onProblem, now } = this.#options;
    if (onProblem !== undefined) {
      onProblem(error);
      return;
    }
    const at = now();
    if (at - (this.#reported.get(error.code) ?? -Infinity) < REPORT_EVERY_MS) return;
    this.#reported.set(error.code, at);
    process.stderr.write(`daybook: ${error.message}\n`);
  }

  notice(text: string): void {
    if (this.#options.onNotice !== undefined) this.#options.onNotice(text);
    else process.stderr.write(`daybook: ${text}\n`);
  }
}

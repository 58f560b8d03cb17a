/** Longest time for which a background event waits for others to share its commit. */
export const GATHER_MS = 20;

/**
 * The pause in which background events gather before a write. A commit costs as much for one event as for fifty. The
 * pause ends early if a caller waits for an event, or if enough events are queued.
 */
export class Gathering {
  /** A caller waits for a queued event. */
  hurried = false;
  #end: (() => void) | undefined;

  /** Resolves after the pause. */
  async wait(): Promise<void> {
    if (this.hurried) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#end = resolve;
      timer = setTimeout(resolve, GATHER_MS);
    });
    clearTimeout(timer);
    this.#end = undefined;
  }

  /** Ends the pause, if there is one. */
  end(): void {
    this.#end?.();
  }

  /** There is no pause until `hurried` is set back. */
  hurry(): void {
    this.hurried = true;
    this.end();
  }
}

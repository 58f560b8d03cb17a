const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What a verb does when it is asked to stop. */
export interface Interruption {
  /** Aborted by the first Ctrl+C or SIGTERM; the second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Call it when everything is tidied up: it ends the process by the signal that came, so that a shell can tell, if one did. */
  settle(): void;
}

/** Lets a verb tidy up after Ctrl+C: finish its file, record the read, close the trail. */
export function watchInterruption(): Interruption {
  const stop = new AbortController();
  let received: NodeJS.Signals | undefined;
  const unwatch = () => {
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    received = signal;
    unwatch();
    stop.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    signal: stop.signal,
    settle() {
      unwatch();
      if (received !== undefined) process.kill(process.pid, received);
    },
  };
}

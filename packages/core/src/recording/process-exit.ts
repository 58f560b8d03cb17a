/** A log that must write its queued events when the process ends. */
export interface Flushable {
  /** Writes without returning to the event loop. */
  closeSync(exitCode: number): void;
  close(): Promise<unknown>;
  /** False: the application handles signals itself. */
  readonly signals: boolean;
}

interface Registry {
  readonly open: Set<Flushable>;
  update(): void;
}

// One registry for all copies of this package in the process: each of two handlers would take the other for the application's own.
const KEY = Symbol.for("daybook.process-exit.v1");
const shared = globalThis as { [KEY]?: Registry };

/** Flushes the log on exit, an uncaught exception, SIGTERM and SIGINT, until the returned function is called. */
export function flushAtExit(log: Flushable): () => void {
  shared[KEY] ??= createRegistry();
  const registry = shared[KEY];
  registry.open.add(log);
  registry.update();
  return () => {
    registry.open.delete(log);
    registry.update();
  };
}

function createRegistry(): Registry {
  const open = new Set<Flushable>();
  const listening = new Set<string>();
  const onExit = (code: number) => {
    for (const log of open) log.closeSync(code);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    // An application with a handler of its own decides when the process ends; the exit handler still flushes.
    if (process.listenerCount(signal) > 1) return;
    void Promise.allSettled([...open].map((log) => log.close())).then(() => {
      listen(signal, onSignal, false);
      process.kill(process.pid, signal);
    });
  };
  const listen = (
    event: string,
    listener: (() => void) | ((code: number) => void) | ((signal: NodeJS.Signals) => void),
    wanted: boolean,
  ) => {
    if (wanted === listening.has(event)) return;
    if (wanted) {
      listening.add(event);
      process.on(event, listener);
    } else {
      listening.delete(event);
      process.removeListener(event, listener);
    }
  };
  return {
    open,
    update() {
      const signals = [...open].some((log) => log.signals);
      listen("exit", onExit, open.size > 0);
      listen("SIGTERM", onSignal, signals);
      listen("SIGINT", onSignal, signals);
    },
  };
}

/** The code of the writer thread: bundled into one string when the package is built, so that no bundler can lose the file. */
import { createRequire } from "node:module";
import { workerData } from "node:worker_threads";
import type { SqliteConstructor } from "../database/sqlite-driver.ts";
import { storeFailure } from "../database/sqlite-failure.ts";
import { WriterOperations } from "./writer-operations.ts";
import { ANSWERS, READY, REFUSED, STATE, type WriterAnswer, type WriterCall, type WriterStart } from "./writer-protocol.ts";

// Small buffers share a block. One of 64 KiB, as newer versions of Node have it, is in use for so long that it counts as old, and what
// is old piles up for seconds before V8 looks at it.
Buffer.poolSize = 8_192;

const { settings, port, shared } = workerData as WriterStart;
const counters = new Int32Array(shared);

/** The counter moves after the message is posted: who waits for it finds the answer in the port. */
function answer(message: WriterAnswer): void {
  port.postMessage(message);
  Atomics.add(counters, ANSWERS, 1);
  Atomics.notify(counters, ANSWERS);
}

function failureOf(cause: unknown) {
  const { code, hint } = storeFailure(cause, settings.path);
  return { code, hint };
}

function start(): WriterOperations | undefined {
  try {
    const Database = createRequire(settings.driver)(settings.driver) as SqliteConstructor;
    return new WriterOperations(Database, settings, (event) => answer({ call: 0, event }));
  } catch (cause) {
    port.postMessage({ call: 0, failure: failureOf(cause) } satisfies WriterAnswer);
    return undefined;
  }
}

const operations = start();
Atomics.store(counters, STATE, operations === undefined ? REFUSED : READY);
Atomics.notify(counters, STATE);
if (operations === undefined) port.close();
else {
  port.on("message", ({ call, operation, args }: WriterCall) => {
    try {
      const value = (operations[operation] as (...args: readonly unknown[]) => unknown).apply(operations, args as unknown[]);
      if (value instanceof Promise) {
        value.then(
          (late: unknown) => answer({ call, value: late }),
          (cause: unknown) => answer({ call, failure: failureOf(cause) }),
        );
      } else answer({ call, value });
    } catch (cause) {
      answer({ call, failure: failureOf(cause) });
    }
    if (operation === "close") port.close();
  });
}

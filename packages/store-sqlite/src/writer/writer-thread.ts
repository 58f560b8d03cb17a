/** The code of the writer thread. The build bundles it into one string, so that no bundler can lose the file. */
import { createRequire } from "node:module";
import { workerData } from "node:worker_threads";
import type { SqliteConstructor } from "../database/sqlite-driver.ts";
import { storeFailure } from "../database/sqlite-failure.ts";
import { WriterOperations } from "./writer-operations.ts";
import { READY, REFUSED, RESPONSES, STATE, type WriterCall, type WriterResponse, type WriterStart } from "./writer-protocol.ts";

// Small buffers share a block. A block of 64 KiB, as in newer Node versions, lives so long that V8 counts it as old,
// and old blocks pile up for seconds.
Buffer.poolSize = 8_192;

const { settings, port, shared } = workerData as WriterStart;
const counters = new Int32Array(shared);

/** The counter moves after the message is posted, so that a blocked caller finds the response in the port. */
function respond(message: WriterResponse): void {
  port.postMessage(message);
  Atomics.add(counters, RESPONSES, 1);
  Atomics.notify(counters, RESPONSES);
}

function failureOf(cause: unknown) {
  const { code, hint } = storeFailure(cause, settings.path);
  return { code, hint };
}

function start(): WriterOperations | undefined {
  try {
    const Database = createRequire(settings.driver)(settings.driver) as SqliteConstructor;
    return new WriterOperations(Database, settings, (event) => respond({ call: 0, event }));
  } catch (cause) {
    port.postMessage({ call: 0, failure: failureOf(cause) } satisfies WriterResponse);
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
          (late: unknown) => respond({ call, value: late }),
          (cause: unknown) => respond({ call, failure: failureOf(cause) }),
        );
      } else respond({ call, value });
    } catch (cause) {
      respond({ call, failure: failureOf(cause) });
    }
    if (operation === "close") port.close();
  });
}

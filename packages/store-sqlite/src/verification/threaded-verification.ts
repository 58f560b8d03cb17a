import { Worker } from "node:worker_threads";
import { DaybookError, type ErrorCode } from "@daybook/core";
import { defined } from "@daybook/core/store";
import { formatVkey, type VerifyReport } from "@daybook/ledger";
import type { VerifyOptions } from "./verify-ledger.ts";
import type { VerifyResponse, VerifyStart } from "./verify-protocol.ts";
import verifyThreadCode from "./verify-thread.ts?bundled";

/** Runs verifications in threads, and ends them when the store closes. */
export class ThreadedVerification {
  readonly #place: Omit<VerifyStart, "options">;
  readonly #workers = new Map<Worker, (error: DaybookError) => void>();

  constructor(place: Omit<VerifyStart, "options">) {
    this.#place = place;
  }

  /** Verifies in a separate thread, with a connection that cannot write. @throws {DaybookError} as `verifyLedger` */
  run({ vkeys, witnesses, onProgress, ...options }: VerifyOptions): Promise<VerifyReport> {
    return new Promise((resolve, reject) => {
      const start: VerifyStart = {
        ...this.#place,
        options: {
          ...options,
          ...defined({ vkeys: vkeys?.map(formatVkey), witnesses: witnesses?.map(formatVkey) }),
        },
      };
      const worker = new Worker(verifyThreadCode, { eval: true, name: "daybook verify", workerData: start, execArgv: [] });
      this.#workers.set(worker, reject);
      worker.on("message", ({ progress, report, failure }: VerifyResponse) => {
        if (progress !== undefined) onProgress?.(...progress);
        else if (report !== undefined) resolve(report);
        else if (failure !== undefined) reject(new DaybookError(failure.code as ErrorCode, failure.hint));
      });
      worker.once("error", (cause) => reject(new DaybookError("STORE_FAILED", "The thread that verifies ended with an error.", { cause })));
      worker.once("exit", () => {
        this.#workers.delete(worker);
        // No effect after a result.
        reject(new DaybookError("STORE_FAILED", "The thread that verifies ended without a result."));
      });
    });
  }

  async stop(): Promise<void> {
    const ending = [...this.#workers].map(([worker, reject]) => {
      reject(new DaybookError("LOG_CLOSED", "The store was closed before the verification came to its end."));
      return worker.terminate();
    });
    await Promise.all(ending);
  }
}

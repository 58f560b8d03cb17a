import { setTimeout as wait } from "node:timers/promises";
import { defined, durationMs } from "@daybook/core/store";
import { openSqliteStore } from "@daybook/store-sqlite";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { watchInterruption } from "../process/interruption.ts";
import { databasePath, readConfiguration } from "../trail/configuration.ts";
import { refuseMissing } from "../trail/trail.ts";

export interface CheckpointOptions {
  readonly db?: string;
  /** Duration such as `10s`; true for the default. */
  readonly watch?: string | true;
  readonly publish?: boolean;
}

const DEFAULT_INTERVAL_MS = 10_000;

export async function checkpoint({ db, watch, publish = false }: CheckpointOptions): Promise<ExitStatus> {
  const configuration = await readConfiguration();
  const path = databasePath(db, configuration);
  refuseMissing(path);
  const interval = typeof watch === "string" ? durationMs(watch) : DEFAULT_INTERVAL_MS;
  const store = await openSqliteStore({
    path,
    worker: false,
    ...defined({ userIds: configuration.userIds }),
  });
  const interruption = watchInterruption();
  try {
    for (let last = 0; ; ) {
      const { size, note } = await store.checkpoint();
      if (size !== last) process.stdout.write(`${last === 0 ? "" : "\n"}${note}`);
      if (publish && size !== last) {
        const { reached, failures } = await store.publishCheckpoint();
        process.stderr.write(`daybook: published to ${reached.length} of ${reached.length + failures.length} anchors\n`);
        if (watch === undefined && failures.length > 0) return EXIT.failure;
      }
      last = size;
      if (watch === undefined || interruption.signal.aborted) return EXIT.ok;
      await wait(interval, undefined, { signal: interruption.signal }).catch(() => undefined);
      if (interruption.signal.aborted) return EXIT.ok;
    }
  } finally {
    await store.close();
    interruption.settle();
  }
}

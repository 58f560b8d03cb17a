import { isDaybookError } from "@daybook/core";
import { restoreLedger } from "@daybook/store-sqlite";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { databasePath, readConfiguration } from "../trail/configuration.ts";
import { refuseMissing } from "../trail/trail.ts";

export interface GdprReplayOptions {
  readonly db?: string;
  readonly confirm?: boolean;
}

export async function gdprReplay({ db, confirm = false }: GdprReplayOptions): Promise<ExitStatus> {
  const path = databasePath(db, await readConfiguration());
  refuseMissing(path);
  try {
    const { origin, repeated, forgotten, confirmed, entries, seen } = await restoreLedger({ path, confirm });
    process.stdout.write(
      `the file has ${entries} entries, its anchors have seen ${seen}\n${repeated} parts that had been erased ${confirmed ? "were" : "would be"} erased again\n` +
        `${forgotten} journals and consents of erased persons ${confirmed ? "were" : "would be"} removed again\n` +
        `${confirmed ? `the log goes on as ${origin}\n` : "nothing was changed; add --confirm\n"}`,
    );
    return EXIT.ok;
  } catch (cause) {
    // A log from which nothing is missing has had its erasures applied when it was opened.
    if (!isDaybookError(cause) || cause.code !== "BAD_OPTION") throw cause;
    process.stdout.write(`nothing to replay: ${cause.hint}\n`);
    return EXIT.nothing;
  }
}

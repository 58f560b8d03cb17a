/** The code of the verification thread. The build bundles it into one string, so that no bundler can lose the file. */

import { createRequire } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { defined } from "@daybook/core/store";
import { parseKeys, parseVkey } from "@daybook/ledger";
import { openReading } from "../database/connection.ts";
import type { SqliteConstructor } from "../database/sqlite-driver.ts";
import { storeFailure } from "../database/sqlite-failure.ts";
import { verifyLedger } from "./verify-ledger.ts";
import type { VerifyResponse, VerifyStart } from "./verify-protocol.ts";

const { path, driver, keys, keysBeside, options } = workerData as VerifyStart;
const { vkeys, witnesses, ...rest } = options;
const say = (response: VerifyResponse) => parentPort?.postMessage(response);

async function verify(): Promise<void> {
  const db = openReading(createRequire(driver)(driver) as SqliteConstructor, path);
  try {
    const report = await verifyLedger(
      db,
      { keys: parseKeys(keys), keysBeside, now: Date.now() },
      {
        ...rest,
        ...defined({ vkeys: vkeys?.map(parseVkey), witnesses: witnesses?.map(parseVkey) }),
        onProgress: (checked, total) => say({ progress: [checked, total] }),
      },
    );
    say({ report });
  } finally {
    db.close();
  }
}

verify().catch((cause: unknown) => {
  const { code, hint } = storeFailure(cause, path);
  say({ failure: { code, hint } });
});

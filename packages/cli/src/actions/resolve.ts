import { readFileSync } from "node:fs";
import { safeText } from "../output/safe-text.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { databasePath, readConfiguration } from "../trail/configuration.ts";
import { openTrail, recordRead } from "../trail/trail.ts";
import { textOf } from "../trail/trust.ts";
import type { KeysOptions } from "./keys.ts";

export interface ResolveOptions extends KeysOptions {
  readonly candidates: string;
}

export async function resolve({ db, candidates }: ResolveOptions): Promise<ExitStatus> {
  const configuration = await readConfiguration();
  const path = databasePath(db, configuration);
  const text = candidates === "-" ? readFileSync(0, "utf8") : textOf("--candidates", candidates);
  const ids = text.split(/\r?\n/).filter((id) => id !== "");
  const trail = await openTrail(path);
  try {
    const found = await trail.resolve(ids);
    for (const id of found) process.stdout.write(`${safeText(id)}\n`);
    await recordRead(path, { verb: "resolve", records: found.length, filters: { candidates: ids.length } }, configuration.userIds);
    return found.length > 0 ? EXIT.ok : EXIT.nothing;
  } finally {
    await trail.close();
  }
}

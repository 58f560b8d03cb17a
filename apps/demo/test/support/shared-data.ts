import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Third-party texts beside the checkout; they are not part of it. */
const SHARED = fileURLToPath(new URL("../../../../../shared/data/", import.meta.url));

export const sharedData = (name: string): string => `${SHARED}${name}`;

/** Why tests over shared data are skipped; undefined if the data exists. */
export function missingSharedData(name: string): string | undefined {
  if (existsSync(sharedData(name))) return undefined;
  const reason = `skipped: shared/data/${name} is not beside the checkout`;
  console.warn(reason);
  return reason;
}

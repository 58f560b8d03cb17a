import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Third-party data that lies beside the checkout; it is not part of it. */
const SHARED = fileURLToPath(new URL("../../../../../shared/data/", import.meta.url));

export const sharedData = (name: string): string => `${SHARED}${name}`;

/** Why tests over shared data are skipped, or false when it is there. */
export function missingSharedData(name: string): false | string {
  if (existsSync(sharedData(name))) return false;
  const reason = `skipped: shared/data/${name} is not beside the checkout`;
  console.warn(reason);
  return reason;
}

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Published vectors of other projects, in a folder beside the checkout. */
const VECTORS = fileURLToPath(new URL("../../../../../shared/data/vectors/", import.meta.url));

/** Why tests over a folder of vectors are skipped, or undefined if the folder is there. */
export function missingVectors(folder: string): string | undefined {
  if (existsSync(VECTORS + folder)) return undefined;
  const reason = `skipped: shared/data/vectors/${folder} is not beside the checkout`;
  console.warn(reason);
  return reason;
}

export const readVector = (path: string): Buffer => readFileSync(VECTORS + path);

/** Paths of all files below a folder, none if the folder is missing. */
export function vectorsIn(folder: string): string[] {
  if (!existsSync(VECTORS + folder)) return [];
  return readdirSync(VECTORS + folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath.slice(VECTORS.length)}/${entry.name}`)
    .sort();
}

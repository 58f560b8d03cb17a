import { pathToFileURL } from "node:url";

/**
 * From where this package resolves its driver: its own file in both module systems, or the working directory where a bundler
 * has taken both names away.
 */
export function moduleAnchor(): string {
  if (typeof __filename === "string") return pathToFileURL(__filename).href;
  return import.meta.url || pathToFileURL(`${process.cwd()}/`).href;
}

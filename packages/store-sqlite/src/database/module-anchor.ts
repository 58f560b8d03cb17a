import { pathToFileURL } from "node:url";

/**
 * The place from which this package resolves its driver: its own file in both module systems. If a bundler removed
 * both names, it is the working directory.
 */
export function moduleAnchor(): string {
  if (typeof __filename === "string") return pathToFileURL(__filename).href;
  return import.meta.url || pathToFileURL(`${process.cwd()}/`).href;
}

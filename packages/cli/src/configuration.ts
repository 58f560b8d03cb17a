import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { DaybookError, type EventDefinition } from "@daybook/core";

/** `daybook.config.{ts,mjs,json}` in the working directory. */
export interface Configuration {
  /** Path of the database. */
  readonly db?: string;
  /** The application's own event definitions; not in a JSON file. */
  readonly catalogue?: readonly EventDefinition[];
  readonly userIds?: "readable" | "pseudonymous";
}

const FILES = ["daybook.config.ts", "daybook.config.mjs", "daybook.config.json"];
const KNOWN = ["db", "catalogue", "userIds"];

/** @throws {DaybookError} `CONFIG_INVALID` */
export async function readConfiguration(folder = process.cwd()): Promise<Configuration> {
  const name = FILES.find((file) => existsSync(resolve(folder, file)));
  if (name === undefined) return {};
  const path = resolve(folder, name);
  let value: unknown;
  try {
    value = name.endsWith(".json")
      ? JSON.parse(readFileSync(path, "utf8"))
      : ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (cause) {
    throw new DaybookError("CONFIG_INVALID", `${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DaybookError("CONFIG_INVALID", `${name} has to hold one object${name.endsWith(".json") ? "" : " as its default export"}.`);
  }
  const unknown = Object.keys(value).filter((key) => !KNOWN.includes(key));
  if (unknown.length > 0)
    throw new DaybookError("CONFIG_INVALID", `${name} has an unknown setting ${unknown[0]}; known are ${KNOWN.join(", ")}.`);
  const { db, catalogue, userIds } = value as Configuration;
  if (db !== undefined && typeof db !== "string") throw new DaybookError("CONFIG_INVALID", `${name}: \`db\` is a path.`);
  if (catalogue !== undefined && !Array.isArray(catalogue))
    throw new DaybookError("CONFIG_INVALID", `${name}: \`catalogue\` is a list of definitions.`);
  if (userIds !== undefined && userIds !== "readable" && userIds !== "pseudonymous")
    throw new DaybookError("CONFIG_INVALID", `${name}: \`userIds\` is readable or pseudonymous.`);
  return value as Configuration;
}

/** Where the database is: the option, else the configuration, else `DAYBOOK_DB`, else `data/audit.db`. */
export const databasePath = (option: string | undefined, configuration: Configuration): string =>
  option ?? configuration.db ?? (process.env.DAYBOOK_DB || "data/audit.db");

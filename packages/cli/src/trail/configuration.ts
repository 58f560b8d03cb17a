import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { DaybookError, type EventDefinition } from "@daybook/core";
import type { Calendar, Controller, Notice, Purpose, Recipient } from "@daybook/gdpr";

/** The part of the application that verbs about persons need: purposes, notices, recipients. */
export interface PrivacyConfiguration {
  readonly purposes?: readonly Purpose[];
  readonly notices?: readonly Notice[];
  readonly controller?: Controller;
  /** Sinks and processors, by name, with what happens there when a person is erased. */
  readonly recipients?: readonly Recipient[];
  /** Calendar of due dates. Default: whole months, no weekends, no holidays. */
  readonly calendar?: Calendar;
  /** Supervisory authority (GDPR, Art. 77). */
  readonly authority?: string;
  /** Source of data that the person did not provide (Art. 15(1)(g)). */
  readonly source?: string;
  /** Decisions made by automated means alone (Art. 22). */
  readonly automatedDecisions?: string;
  /** Third countries, with their safeguards (Art. 46). */
  readonly transfers?: readonly string[];
}

/** `daybook.config.{ts,mjs,json}` in the working directory. */
export interface Configuration {
  /** Path of the database. */
  readonly db?: string;
  /** The application's own event definitions; not in a JSON file. */
  readonly catalogue?: readonly EventDefinition[];
  readonly userIds?: "readable" | "pseudonymous";
  readonly privacy?: PrivacyConfiguration;
}

const FILES = ["daybook.config.ts", "daybook.config.mjs", "daybook.config.json"];
const KNOWN = ["db", "catalogue", "userIds", "privacy"];

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
    throw new DaybookError("CONFIG_INVALID", `${name} must have one object${name.endsWith(".json") ? "" : " as its default export"}.`);
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
  const { privacy } = value as Configuration;
  if (privacy !== undefined && (typeof privacy !== "object" || privacy === null || Array.isArray(privacy)))
    throw new DaybookError("CONFIG_INVALID", `${name}: \`privacy\` is an object.`);
  return value as Configuration;
}

/** Path of the database: the option, else the configuration, else `DAYBOOK_DB`, else `data/audit.db`. */
export const databasePath = (option: string | undefined, configuration: Configuration): string =>
  option ?? configuration.db ?? (process.env.DAYBOOK_DB || "data/audit.db");

import { join } from "node:path";
import { type AuditLog, createAuditLog, defineEvent } from "@daybook/core";
import { openSqliteReader, openSqliteStore } from "@daybook/store-sqlite";
import { z } from "zod";
import { temporaryFolder } from "./temporary-folder.ts";

/** An event of an application, with one field of free text. */
export const textNoted = defineEvent({ type: "custom", action: "text.noted", data: z.object({ text: z.string() }), personal: [] });

export interface TrailOptions {
  /** Default: a new folder. */
  readonly path?: string;
  /** Milliseconds since the Unix epoch. Default `Date`. */
  readonly clock?: { now(): number };
  /** Record that the trail was opened and closed. Default true. */
  readonly lifecycle?: boolean;
}

/** A real trail with what `record` records, closed again. @returns its path */
export async function trailWith(
  record: (audit: AuditLog) => void | Promise<void>,
  { path = join(temporaryFolder(), "audit.db"), clock, lifecycle = true }: TrailOptions = {},
): Promise<string> {
  const store = await openSqliteStore({ path, onNotice: () => undefined });
  const audit = createAuditLog({
    store,
    catalogue: [textNoted],
    signals: false,
    spool: false,
    lifecycle,
    ...(clock === undefined ? {} : { clock }),
  });
  await record(audit as AuditLog);
  await audit.close();
  return path;
}

/** The records of a trail made by the command line about its own reads, oldest first. */
export async function readsOf(path: string): Promise<unknown[]> {
  const trail = await openSqliteReader({ path });
  const reads: unknown[] = [];
  for await (const event of trail.scan({ action: "trail.read" }, { order: "oldest" })) reads.push(event.data);
  await trail.close();
  return reads;
}

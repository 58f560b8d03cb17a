import { existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { type AuditLog, createAuditLog, isDaybookError, runAs } from "@daybook/core";
import { type Consent, createConsent } from "@daybook/gdpr";
import { openSqliteStore, type SqliteStore } from "@daybook/store-sqlite";
import { safeText } from "../output/safe-text.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { UsageError } from "../process/usage-error.ts";
import { type Configuration, databasePath, readConfiguration } from "./configuration.ts";

/** Whom a verb is about. */
export interface PersonOptions {
  readonly db?: string;
  readonly user?: string;
  readonly userFile?: string;
}

/** An open trail with everything the verbs about persons need. */
export interface PrivacyTrail {
  readonly path: string;
  readonly configuration: Configuration;
  readonly store: SqliteStore;
  readonly audit: AuditLog;
}

/** Codes that say that what was asked for is not there. */
const NOTHING: readonly string[] = ["PERSON_UNKNOWN", "REQUEST_UNKNOWN"];

/**
 * Runs a verb about persons on an open trail, as the operator who called it. Opening it also takes in what waits in the spool.
 * @throws {UsageError} where there is no trail
 */
export async function onTrail(db: string | undefined, work: (trail: PrivacyTrail) => Promise<ExitStatus>): Promise<ExitStatus> {
  const configuration = await readConfiguration();
  const path = databasePath(db, configuration);
  if (!existsSync(path)) throw new UsageError(`There is no audit trail at ${path}. Name it with --db or DAYBOOK_DB.`);
  const store = await openSqliteStore({
    path,
    worker: false,
    onNotice: () => undefined,
    ...(configuration.userIds === undefined ? {} : { userIds: configuration.userIds }),
  });
  const audit = createAuditLog({
    store,
    catalogue: configuration.catalogue ?? [],
    service: "daybook-cli",
    signals: false,
    lifecycle: false,
    onNotice: () => undefined,
    onProblem: () => undefined,
  });
  try {
    return await runAs({ kind: "user", id: `os:${userInfo().username}` }, () =>
      work({ path, configuration, store, audit: audit as AuditLog }),
    );
  } catch (cause) {
    if (!isDaybookError(cause) || !NOTHING.includes(cause.code)) throw cause;
    process.stderr.write(`daybook: ${safeText(cause.message)}\n`);
    return EXIT.nothing;
  } finally {
    await audit.close();
  }
}

/** Consent with the texts that were published before. It publishes none, so that reading never fails because of an edited text. */
export const publishedConsentOf = ({ audit, store }: PrivacyTrail): Promise<Consent> =>
  createConsent({ audit, store, purposes: [], notices: [], sweepEveryMs: 0 });

/** Consent with the purposes and notices of the configuration, and those published before. */
export const consentOf = ({ audit, store, configuration: { privacy = {} } }: PrivacyTrail): Promise<Consent> =>
  createConsent({ audit, store, purposes: privacy.purposes ?? [], notices: privacy.notices ?? [], sweepEveryMs: 0 });

/**
 * The person a verb is about. An id on the command line stays in the history of the shell and is seen by whoever lists processes, so
 * it can be read from a file, or with `-` from standard input.
 * @throws {UsageError}
 */
export function personOf({ user, userFile }: PersonOptions): string {
  if ((user === undefined) === (userFile === undefined)) throw new UsageError("Say whom it is about with --user or --user-file.");
  if (user !== undefined) return user;
  try {
    return readFileSync(userFile === "-" ? 0 : userFile!, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new UsageError(`--user-file: ${(cause as Error).message}`);
  }
}

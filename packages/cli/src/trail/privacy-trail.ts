import { existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { type AuditLog, createAuditLog, isDaybookError, runAs } from "@daybook/core";
import { defined } from "@daybook/core/store";
import { type Consent, createConsent } from "@daybook/gdpr";
import { openSqliteStore, type SqliteStore } from "@daybook/store-sqlite";
import { safeText } from "../output/safe-text.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { UsageError } from "../process/usage-error.ts";
import { type Configuration, databasePath, readConfiguration } from "./configuration.ts";

/** The person of a verb. */
export interface PersonOptions {
  readonly db?: string;
  readonly user?: string;
  readonly userFile?: string;
}

/** An open trail, as the verbs about persons need it. */
export interface PrivacyTrail {
  readonly path: string;
  readonly configuration: Configuration;
  readonly store: SqliteStore;
  readonly audit: AuditLog;
}

/** Codes that mean that there is no such person or request. */
const NOTHING: readonly string[] = ["PERSON_UNKNOWN", "REQUEST_UNKNOWN"];

/**
 * Runs a verb about persons on an open trail, with its operator as the actor. Spooled events are stored first.
 * @throws {UsageError} if there is no trail
 */
export async function onTrail(db: string | undefined, work: (trail: PrivacyTrail) => Promise<ExitStatus>): Promise<ExitStatus> {
  const configuration = await readConfiguration();
  const path = databasePath(db, configuration);
  if (!existsSync(path)) throw new UsageError(`There is no audit trail at ${path}. Name it with --db or DAYBOOK_DB.`);
  const store = await openSqliteStore({
    path,
    worker: false,
    onNotice: () => undefined,
    ...defined({ userIds: configuration.userIds }),
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
 * The person a verb is about. An id on the command line stays in the history of the shell and in the list of processes, so
 * it can also be read from a file, or with `-` from standard input.
 * @throws {UsageError}
 */
export function personOf({ user, userFile }: PersonOptions): string {
  if ((user === undefined) === (userFile === undefined)) throw new UsageError("Name the person with --user or --user-file.");
  if (user !== undefined) return user;
  try {
    return readFileSync(userFile === "-" || userFile === undefined ? 0 : userFile, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new UsageError(`--user-file: ${(cause as Error).message}`);
  }
}

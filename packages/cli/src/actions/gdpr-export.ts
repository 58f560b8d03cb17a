import { exportPerson, isEmptyPlan, privacyInformation } from "@daybook/gdpr";
import { Progress } from "../output/progress.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { watchInterruption } from "../process/interruption.ts";
import { onTrail, type PersonOptions, personOf } from "../trail/privacy-trail.ts";

export interface GdprExportOptions extends PersonOptions {
  readonly output: string;
  readonly request?: string;
  readonly encryptTo?: readonly string[];
}

export async function gdprExport(options: GdprExportOptions): Promise<ExitStatus> {
  const interruption = watchInterruption();
  try {
    return await writeExport(options, interruption.signal);
  } catch (cause) {
    if (!interruption.signal.aborted) throw cause;
    return EXIT.failure;
  } finally {
    interruption.settle();
  }
}

function writeExport({ output: folder, request, encryptTo, ...options }: GdprExportOptions, signal: AbortSignal): Promise<ExitStatus> {
  const userId = personOf(options);
  return onTrail(options.db, async ({ audit, store, configuration: { privacy = {} } }) => {
    await audit.flush();
    if (isEmptyPlan(await store.planErasure(userId)) && (await store.requests({ userId, limit: 1 })).length === 0) {
      process.stderr.write(
        "daybook: PERSON_UNKNOWN: the trail holds nothing about this person. An id has to match exactly: case and blanks count.\n",
      );
      return EXIT.nothing;
    }
    const notices = await store.notices();
    const published = notices.at(-1);
    const notice =
      privacy.notices?.at(-1) ??
      (published === undefined ? undefined : (JSON.parse(published.definition) as NonNullable<typeof privacy.notices>[number]));
    const information = privacyInformation({
      definitions: audit.catalogue.all(),
      purposes: await store.purposes(),
      periods: await store.retentionPeriods(),
      controller: privacy.controller ?? notice?.controller,
      recipients: privacy.recipients,
      rightsUrl: notice?.rightsUrl,
      authority: privacy.authority ?? notice?.authority,
      source: privacy.source,
      automatedDecisions: privacy.automatedDecisions,
      transfers: privacy.transfers,
    });
    const progress = new Progress("entries");
    try {
      const summary = await exportPerson(userId, {
        audit,
        store,
        folder,
        information,
        encryptTo,
        signal,
        onProgress: (entries) => progress.show(entries),
        ...(request === undefined ? { verification: { method: "operator", confirmed: true } as const } : { request }),
      });
      progress.end();
      const { journal, records, consents, requests, accesses, files, manifestSha256, redactions, review } = summary;
      process.stdout.write(
        `wrote ${files.length} files to ${folder}\n` +
          `  ${journal} entries of the journal, ${records} records (${accesses} of other people's doing), ${consents} consents, ${requests} requests\n` +
          `  manifest sha256 ${manifestSha256}\n`,
      );
      if (encryptTo !== undefined) process.stdout.write("  to open a file: age --decrypt --identity KEY --output FILE FILE.age\n");
      if (redactions > 0) process.stdout.write(`  ${redactions} values of other people were replaced or left out\n`);
      if (review.records > 0) {
        const first = review.first.slice(0, 10).map(({ seq }) => `#${seq}`);
        process.stderr.write(
          `daybook: ${review.records} records hold free text next to other people; look at them before handing the package over: ${first.join(", ")}${review.records > first.length ? ", …" : ""}\n`,
        );
      }
      return EXIT.ok;
    } finally {
      progress.end();
    }
  });
}

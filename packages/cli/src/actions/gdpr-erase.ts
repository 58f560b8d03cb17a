import { writeFileSync } from "node:fs";
import type { ErasureItem, ErasurePlan } from "@daybook/core/store";
import { erasePerson, planErasureOf } from "@daybook/gdpr";
import type { BASIS_CHOICES } from "../choices/gdpr-choices.ts";
import { safeText } from "../output/safe-text.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { UsageError } from "../process/usage-error.ts";
import { onTrail, type PersonOptions, personOf } from "../trail/privacy-trail.ts";
import { receiptKey } from "../trail/receipt-key.ts";

export interface GdprEraseOptions extends PersonOptions {
  readonly request?: string;
  readonly basis: readonly (typeof BASIS_CHOICES)[number][];
  readonly scope: "persons" | "full";
  readonly queue?: boolean;
  readonly backupDays: number;
  readonly confirm?: boolean;
  readonly format: "table" | "json";
  readonly receipt?: string;
}

export function gdprErase({
  request,
  basis,
  scope,
  queue = false,
  backupDays,
  confirm = false,
  format,
  receipt: receiptPath,
  ...options
}: GdprEraseOptions): Promise<ExitStatus> {
  const userId = personOf(options);
  return onTrail(options.db, async ({ path, audit, store, configuration: { privacy = {} } }) => {
    if (!confirm) {
      const plan = await planErasureOf(userId, { audit, store });
      process.stdout.write(format === "json" ? `${JSON.stringify(plan, null, 2)}\n` : planned(plan));
      if (format === "table") process.stdout.write("nothing was erased; add --confirm\n");
      return EXIT.ok;
    }
    const { result, issued } = await erasePerson(userId, {
      audit,
      store,
      confirm,
      basis,
      scope,
      queue,
      backupDays,
      receiptKey: receiptKey(path),
      recipients: privacy.recipients,
      ...(request === undefined ? { verification: { method: "operator", confirmed: true } as const } : { request }),
    });
    const { plan } = result;
    if (receiptPath !== undefined) writeReceipt(receiptPath, issued.note);
    if (format === "json") {
      process.stdout.write(`${JSON.stringify({ ...result, receipt: issued.receipt.receipt, signed: issued.signed }, null, 2)}\n`);
      return result.state === "pending" ? EXIT.partial : EXIT.ok;
    }
    if (result.state === "queued") {
      process.stdout.write("queued: the next run erases the person\n");
      return EXIT.ok;
    }
    const manifests =
      result.manifests.length === 0
        ? ""
        : `, ${result.manifests.length === 1 ? "manifest" : "manifests"} ${result.manifests.map((seq) => `#${seq}`).join(", ")}`;
    process.stdout.write(`erased ${parts(result.erased)}${manifests}\n`);
    if (plan.journal > 0) process.stdout.write(`deleted ${plan.journal} journal entries\n`);
    if (plan.consents.length > 0) process.stdout.write(`ended the consent for ${plan.consents.join(", ")}\n`);
    for (const item of plan.items.filter(({ action }) => action === "keep"))
      process.stdout.write(`kept   ${parts(item.parts)}: ${described(item)}\n`);
    if (result.state === "pending")
      process.stdout.write(`PENDING: ${safeText(result.reason ?? "a reader has the old pages")} (retrying; see gdpr status)\n`);
    process.stdout.write(
      `backups may hold copies until ${result.backupsUntil.slice(0, 10)}\nreceipt ${issued.receipt.receipt}${issued.signed ? "" : ", not signed: these keys cannot sign"}\n`,
    );
    return result.state === "pending" ? EXIT.partial : EXIT.ok;
  });
}

function planned({ items, journal, consents }: ErasurePlan): string {
  const width = Math.max(1, ...items.map((item) => String(item.parts).length));
  const lines = items.map(
    (item) =>
      `would ${item.action === "erase" ? "erase" : "keep "}  ${String(item.parts).padStart(width)} ${item.parts === 1 ? "part " : "parts"}  ${described(item)}\n`,
  );
  if (journal > 0) lines.push(`journal: ${journal} entries would be deleted\n`);
  if (consents.length > 0) lines.push(`consents: ${consents.join(", ")} would end\n`);
  return lines.join("");
}

const parts = (n: number) => `${n} ${n === 1 ? "part" : "parts"}`;

const described = ({ category, role, ground, until }: ErasureItem) =>
  `${category}, as ${role}${ground === undefined ? "" : `, ground ${ground}`}${until === undefined ? "" : `, until ${until.slice(0, 10)}`}`;

function writeReceipt(path: string, note: string): void {
  try {
    writeFileSync(path, note, { mode: 0o600, flag: "wx" });
  } catch (cause) {
    throw new UsageError(`--receipt: ${(cause as Error).message}; the trail has the receipt, see gdpr status --receipt`);
  }
}

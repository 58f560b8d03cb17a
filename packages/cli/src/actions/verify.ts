import { isDaybookError } from "@daybook/core";
import { defined } from "@daybook/core/store";
import { FINDINGS, type FindingGroup, type GivenNote, type VerifyReport } from "@daybook/ledger";
import { type DirAnchor, parseAnchors, type SqliteReader } from "@daybook/store-sqlite";
import { Progress } from "../output/progress.ts";
import { safeText } from "../output/safe-text.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { databasePath, readConfiguration } from "../trail/configuration.ts";
import { openTrail, recordRead } from "../trail/trail.ts";
import { givenTrust, textOf } from "../trail/trust.ts";

export interface VerifyVerbOptions {
  readonly db?: string;
  readonly vkey?: readonly string[];
  readonly policy?: string;
  readonly witnessed?: readonly string[];
  readonly since?: number;
  readonly requireWitness?: boolean;
  readonly strict?: boolean;
  readonly format: "table" | "json";
}

export async function verify(options: VerifyVerbOptions): Promise<ExitStatus> {
  const configuration = await readConfiguration();
  const path = databasePath(options.db, configuration);
  const { vkeys, policy } = givenTrust(options);
  const witnessed = (options.witnessed ?? []).map(
    (file): GivenNote => ({ note: textOf("--witnessed", file), source: "witnessed", name: file }),
  );
  const trusted = vkeys ?? policy?.logs.map(({ vkey }) => vkey);
  let report: VerifyReport;
  try {
    const trail = await openTrail(path);
    const progress = new Progress("entries");
    try {
      report = await trail.verify({
        notes: [...witnessed, ...(await anchorNotes(trail))],
        ...defined({ vkeys: trusted }),
        ...defined({ witnesses: policy?.witnesses.map(({ vkey }) => vkey) }),
        requireWitness: options.requireWitness ?? false,
        strict: options.strict ?? false,
        ...defined({ since: options.since }),
        onProgress: (checked, total) => progress.show(checked, total),
      });
    } finally {
      progress.end();
      await trail.close();
    }
  } catch (cause) {
    // Not being able to look is no evidence of anything.
    if (!isDaybookError(cause)) throw cause;
    process.stderr.write(`daybook: ${safeText(cause.message)}\n`);
    return EXIT.usage;
  }
  process.stdout.write(options.format === "json" ? `${JSON.stringify(report, null, 2)}\n` : printed(report));
  const outcome = report.verdict === "intact" ? "success" : "failure";
  await recordRead(
    path,
    { verb: "verify", records: report.entries, format: options.format, filters: { verdict: report.verdict, outcome } },
    configuration.userIds,
    (store) => store.noteVerified(report),
  );
  return report.verdict === "intact" ? EXIT.ok : EXIT.failure;
}

/** What this log has published in folders that can be read here. */
async function anchorNotes(trail: SqliteReader): Promise<GivenNote[]> {
  const notes: GivenNote[] = [];
  for (const anchor of parseAnchors(process.env.DAYBOOK_ANCHORS, trail.path)) {
    if (!("folder" in anchor)) continue;
    for (const note of await (anchor as DirAnchor).notes()) notes.push({ note, source: "anchor", name: anchor.name });
  }
  return notes;
}

const number = (n: number) => n.toLocaleString("en").replaceAll(",", " ");

export function printed(report: VerifyReport): string {
  const lines: string[] = [];
  if (report.verdict === "tampered") {
    lines.push(`✘ TAMPERED${report.firstBad === null ? "" : `  first bad entry: ${report.firstBad}`}`);
    const widest = Math.max(...report.findings.map(({ code }) => code.length));
    for (const group of report.findings) lines.push(`  ${group.code.padEnd(widest)}  ${String(group.count).padStart(4)}  ${places(group)}`);
  } else {
    lines.push(
      report.verdict === "intact"
        ? `✔ intact, ${report.grade === "tamper-evident" ? "tamper-evident" : "tamper-detecting only"}`
        : "✘ not proven",
    );
    lines.push(`  ${report.origin ?? "no checkpoint names this log"}`);
    lines.push(
      `  ${number(report.entries)} entries, signed to ${number(report.signedTo)}${report.partial ? " (only the part after the given checkpoint was checked)" : ""}`,
    );
    const by = report.erasures.map(({ manifest }) => `#${manifest}`);
    lines.push(
      `  ${number(report.erased)} parts erased${by.length === 0 ? "" : ` (${by.slice(0, 10).join(", ")}${by.length > 10 ? ", …" : ""})`}, ${number(report.expired)} expired`,
    );
    for (const { name, size, time } of report.witnessed)
      lines.push(`  witnessed by ${safeText(name)} at ${number(size)}${time === null ? "" : `, ${time}`}`);
  }
  for (const { code, first } of report.warnings) lines.push(`  ! ${code}  ${safeText(first[0]?.text ?? FINDINGS[code].means)}`);
  return `${lines.join("\n")}\n`;
}

const places = ({ first, count }: FindingGroup) => {
  const shown = first.map(({ seq, part, text }) =>
    seq === undefined ? safeText(text) : `#${seq}${part === undefined ? "" : ` part ${part}`}`,
  );
  const rest = count - first.length;
  return `${shown.length === 1 && first[0]!.seq !== undefined ? safeText(first[0]!.text) : shown.join(", ")}${rest > 0 ? `, … and ${rest} more` : ""}`;
};

import { readFileSync } from "node:fs";
import { defined } from "@daybook/core/store";
import { isLedgerError, type ProvenEntry, verifyProof } from "@daybook/ledger";
import { Progress } from "../output/progress.ts";
import { safeText } from "../output/safe-text.ts";
import { writeTo } from "../output/text-output.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { UsageError } from "../process/usage-error.ts";
import { databasePath, readConfiguration } from "../trail/configuration.ts";
import { openTrail, recordRead } from "../trail/trail.ts";
import { givenTrust, textOf } from "../trail/trust.ts";

export interface ProveOptions {
  readonly db?: string;
  readonly seq: number;
  readonly parts: readonly number[];
  readonly output?: string;
}

export interface VerifyProofOptions {
  readonly vkey?: readonly string[];
  readonly policy?: string;
  readonly format: "table" | "json";
}

export async function prove({ db, seq, parts, output }: ProveOptions): Promise<ExitStatus> {
  const configuration = await readConfiguration();
  const path = databasePath(db, configuration);
  const trail = await openTrail(path);
  const progress = new Progress("entries");
  try {
    const proof = await trail.prove(seq, parts, (done, total) => progress.show(done, total));
    progress.end();
    await writeTo(output, (file) => file.write(proof));
  } finally {
    progress.end();
    await trail.close();
  }
  await recordRead(path, { verb: "prove", records: 1, filters: { seq, parts } }, configuration.userIds);
  return EXIT.ok;
}

export async function checkProof(file: string | undefined, options: VerifyProofOptions): Promise<ExitStatus> {
  const { vkeys, policy } = givenTrust(options);
  if (vkeys === undefined && policy === undefined)
    throw new UsageError("Say whom to trust: --vkey with the log's public key, or --policy.");
  if (file === undefined && process.stdin.isTTY) throw new UsageError("Give the proof as a file or on standard input.");
  const text = file === undefined ? readFileSync(0, "utf8") : textOf("the proof", file);
  let proven: ProvenEntry;
  try {
    proven = verifyProof(text, policy === undefined ? { vkeys: vkeys! } : { policy, ...defined({ logs: vkeys }) });
  } catch (cause) {
    if (!isLedgerError(cause)) throw cause;
    process.stdout.write(
      options.format === "json"
        ? `${JSON.stringify({ proven: false, code: cause.code, hint: cause.hint })}\n`
        : `✘ ${cause.code}: ${safeText(cause.hint)}\n`,
    );
    return EXIT.failure;
  }
  process.stdout.write(options.format === "json" ? `${JSON.stringify(asJson(proven), null, 2)}\n` : printed(proven));
  return EXIT.ok;
}

const cosigned = ({ checkpoint }: ProvenEntry) =>
  checkpoint.signatures.flatMap(({ vkey, time }) =>
    time === undefined ? [] : [{ name: vkey.name, time: new Date(time * 1000).toISOString() }],
  );

const asJson = (proven: ProvenEntry) => ({
  proven: true,
  origin: proven.checkpoint.origin,
  index: proven.index,
  size: proven.checkpoint.size,
  cosigned: cosigned(proven),
  opens: proven.open.map(({ part, data }) => ({ part, data: JSON.parse(data) as unknown })),
  notShown: proven.notShown,
});

function printed(proven: ProvenEntry): string {
  const { checkpoint, index, open, notShown } = proven;
  const by = cosigned(proven).map(({ name, time }) => `, cosigned by ${safeText(name)} at ${time}`);
  const lines = [`✔ entry ${index} is in ${safeText(checkpoint.origin)} (size ${checkpoint.size})${by.join("")}`];
  for (const { part, data } of open) lines.push(`  opens: part ${part} ${safeText(data)}`);
  if (notShown.length > 0) lines.push(`  not shown: ${notShown.map((part) => `part ${part}`).join(", ")}`);
  return `${lines.join("\n")}\n`;
}

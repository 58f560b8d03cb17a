import type { Alexandria, IngestSummary } from "./alexandria.ts";
import type { Step } from "./morning.ts";
import type { Verdict } from "./trail/verify-trail.ts";

export interface SummaryOptions {
  readonly auditPath: string;
  readonly ingested: IngestSummary;
  readonly steps: readonly Step[];
  /** Undefined if the store has no proofs. */
  readonly verdict: Verdict | undefined;
  /** Tokens of the demo readers, by id. */
  readonly tokens: ReadonlyMap<string, string>;
}

/** Contents of the trail after the morning, and the addresses of the pages. */
export async function summary(alexandria: Alexandria, { auditPath, ingested, steps, verdict, tokens }: SummaryOptions): Promise<string> {
  const { audit, url } = alexandria;
  const lines: string[] = ["", "The morning at Alexandria", ""];
  lines.push(`  ${ingested.books} books with ${ingested.sections} sections on the shelf, ${ingested.refused.length} files refused`);
  for (const { source, reason } of ingested.refused) lines.push(`    ${source}: ${reason}`);
  const odd = steps.filter((step) => step.status !== step.expected);
  lines.push(
    `  ${steps.length} steps of six people, ${odd.length === 0 ? "all answered as expected" : `${odd.length} NOT answered as expected`}`,
  );
  for (const { who, what, expected, status } of odd) lines.push(`    ${who} ${what}: ${status} instead of ${expected}`);
  lines.push("", "The audit trail holds", "");
  const { store } = audit;
  if (store !== undefined) {
    const counts = await store.countBy("type");
    const width = Math.max(...[...counts.keys()].map((type) => type.length));
    for (const [type, count] of counts) lines.push(`  ${type.padEnd(width)}  ${String(count).padStart(6)}`);
  }
  const { accepted, written, queued, dropped } = audit.stats();
  const lost = Object.values(dropped).reduce((sum, n) => sum + n, 0);
  lines.push("", `  ${accepted} records accepted, ${written} written, ${queued} queued, ${lost} dropped`);
  lines.push(`  ${verdict?.text ?? "this store gives no proofs"}`);
  lines.push("", "Where to look", "");
  const places: [string, string][] = [
    ["the library", `${url}/`],
    ["its audit trail", `${url}/admin/audit   (sign in as amina)`],
    ["its metrics", alexandria.metricsUrl],
    ["the same in a shell", `npx daybook report --db ${auditPath} --last 1d`],
    ["is it all there?", `npx daybook verify --db ${auditPath}`],
    ["a proof for one record", `npx daybook prove --db ${auditPath} --seq 1 --output record-1.proof`],
    ["who agreed to what", `npx daybook consent list --db ${auditPath}`],
    ["Mira's journal", `npx daybook journal export --db ${auditPath} --user mira`],
    ["all about Mira", `npx daybook gdpr export --db ${auditPath} --user mira --output mira`],
    ["with any SQLite tool", `sqlite3 ${auditPath} "select * from audit_log limit 5"`],
  ];
  for (const [name, place] of places) lines.push(`  ${name.padEnd(24)}${place}`);
  lines.push("", "Dashboards and alerts, with Docker", "");
  lines.push("  npx daybook monitoring init --search-route /", "  docker compose --project-directory monitoring up --detach");
  lines.push("  npx -y pnpm@12 demo --metrics-host 0.0.0.0 --load 50     then open http://localhost:3001");
  lines.push("", "Tokens to sign in with, new at every start", "");
  for (const [id, token] of tokens) if (alexandria.library.reader(id) !== undefined) lines.push(`  ${id.padEnd(24)}${token}`);
  return `${lines.join("\n")}\n`;
}

import { chmodSync, copyFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { requestCompleted } from "@daybook/core";
import { DAY_MS } from "@daybook/core/store";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { daybook } from "./support/run-daybook.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { trailWith } from "./support/trail.ts";

interface Finding {
  readonly level: "ok" | "warning" | "problem";
  readonly text: string;
}

async function examined(path: string, env: Record<string, string> = {}) {
  const { status, stdout, stderr } = await daybook(["doctor", "--db", path, "--format", "json"], { env });
  expect(stderr).toBe("");
  const findings = JSON.parse(stdout) as Finding[];
  const texts = (level: Finding["level"]) => findings.filter((finding) => finding.level === level).map(({ text }) => text);
  return { status, ok: texts("ok"), warnings: texts("warning"), problems: texts("problem") };
}

describe("daybook doctor", () => {
  it("warns only of the keys beside a new trail", async () => {
    const { status, ok, warnings, problems } = await examined(await trailWith(() => undefined));
    expect([status, problems]).toEqual([0, []]);
    expect(warnings).toEqual([expect.stringContaining("move them with DAYBOOK_KEYS_FILE")]);
    expect(ok).toEqual([
      `Node ${process.versions.node}`,
      expect.stringContaining("1 entries of localhost/daybook/"),
      "schema and pages are correct",
      expect.stringContaining("the time left is known after a day of traffic"),
    ]);
  });

  it("does not warn of keys that are kept apart", async () => {
    const path = await trailWith(() => undefined);
    const keys = join(temporaryFolder(), "keys");
    renameSync(`${path}.keys`, keys);
    const { status, ok, warnings } = await examined(path, { DAYBOOK_KEYS_FILE: keys });
    expect([status, warnings]).toEqual([0, []]);
    expect(ok).toContain("the keys are kept apart from the data");
  });

  it("prints the days that the disk lasts", async () => {
    const path = await trailWith(() => undefined);
    const later = join(temporaryFolder(), "later.mjs");
    writeFileSync(later, `const now = Date.now; Date.now = () => now() + ${2 * DAY_MS};\n`);
    const event = JSON.stringify({ type: "custom", action: "note.recorded", data: { note: "two days later" } });
    await daybook(["record", "--db", path], { input: event, env: { NODE_OPTIONS: `--import ${later}` } });
    const { ok, warnings } = await examined(path);
    expect([...ok, ...warnings].join("\n")).toMatch(/MiB free on the disk, enough for (?:\d+ days|more than ten years) at the pace so far/);
  });

  it("names noisy routes, with the line against them", async () => {
    const path = await trailWith(async (audit) => {
      const visit = (route: string) => audit.recordWith(requestCompleted, {}, { request: { method: "GET", route, status: 200 } });
      for (let i = 0; i < 200; i++) visit("/healthz");
      for (let i = 0; i < 150; i++) visit("/assets/*");
      for (let i = 0; i < 150; i++) visit("/books/:id");
      for (let i = 0; i < 20; i++) visit("/favicon.ico");
      await audit.flush();
    });
    const { status, warnings } = await examined(path);
    expect(status).toBe(0);
    expect(warnings.filter((text) => text.includes("level"))).toEqual([
      '38 % of all requests are /healthz: { path: "/healthz", level: "none" } in `policy` leaves them out',
      '29 % of all requests are /assets/*: { path: "/assets/*", level: "none" } in `policy` leaves them out',
    ]);
  });

  it("finds missing keys, open keys, a changed schema", async () => {
    const path = await trailWith(() => undefined);
    const copy = join(temporaryFolder(), "copy.db");
    copyFileSync(path, copy);
    expect(await examined(copy)).toMatchObject({ status: 1, problems: [expect.stringContaining("keys: there is no")] });
    chmodSync(`${path}.keys`, 0o644);
    expect((await examined(path)).problems).toEqual([expect.stringContaining("keys: KEYS_TOO_OPEN")]);
    chmodSync(`${path}.keys`, 0o600);
    const db = new Database(path);
    db.exec("DROP VIEW audit_log; CREATE TABLE shopping (item TEXT)");
    db.close();
    const { status, problems } = await examined(path);
    expect(status).toBe(1);
    expect(problems.sort()).toEqual([
      expect.stringMatching(/^schema: audit_log is missing$/),
      expect.stringMatching(/^schema: table shopping /),
    ]);
  });

  it("reports a missing trail and another file", async () => {
    const folder = temporaryFolder();
    expect((await examined(join(folder, "none.db"))).problems).toEqual([
      `there is no audit trail at ${join(folder, "none.db")}; it is made when an application first opens it`,
    ]);
    writeFileSync(join(folder, "text.db"), "nothing of the kind ".repeat(500));
    expect((await examined(join(folder, "text.db"))).problems).toEqual([expect.stringContaining("NOT_A_DAYBOOK")]);
    mkdirSync(join(folder, "folder.db"));
    expect((await examined(join(folder, "folder.db"))).status).toBe(1);
  });

  it("prints one line per finding for people", async () => {
    const { stdout } = await daybook(["doctor", "--db", await trailWith(() => undefined)]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(5);
    expect(stdout).toMatch(/^✔ Node [\d.]+\n✔ .*\n✔ .*\n! the keys are beside/);
  });
});

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentIngested, loginFailed, permissionDenied, runAs } from "@daybook/core";
import { describe, expect, it } from "vitest";
import { daybook } from "./support/run-daybook.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { readsOf, textNoted, trailWith } from "./support/trail.ts";

const HOUR = 3_600_000;

/** Ada was refused three hours ago, Bob ingested a text two hours ago, and a sign-in failed one hour ago. */
function morning(): Promise<string> {
  let hoursAgo = 3;
  const clock = { now: () => Date.now() - hoursAgo * HOUR };
  return trailWith(
    (audit) => {
      runAs({ kind: "user", id: "ada" }, () =>
        audit.record(permissionDenied, { resource: { type: "page", id: "/admin" }, reason: "role_missing", tenant: "north" }),
      );
      hoursAgo = 2;
      runAs({ kind: "user", id: "bob" }, () => audit.record(contentIngested, { data: { source: "upload", status: "added", count: 3 } }));
      hoursAgo = 1;
      audit.record(loginFailed, { actor: { kind: "anonymous" }, subjects: [{ id: "ada", role: "target" }] });
    },
    { clock },
  );
}

const actions = (stdout: string) =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { action: string }).action);

const ndjson = async (path: string, ...args: string[]) => {
  const answer = await daybook(["report", "--db", path, "--format", "ndjson", ...args]);
  return { status: answer.status, actions: actions(answer.stdout) };
};

describe("daybook report", () => {
  it("prints a table, newest first", async () => {
    const path = await morning();
    const { status, stdout, stderr } = await daybook(["report", "--db", path]);
    expect([status, stderr]).toEqual([0, ""]);
    const [head, ...rows] = stdout.trimEnd().split("\n");
    expect(head).toMatch(/^id\s+timestamp\s+type\s+action\s+outcome\s+user\s+endpoint\s+state$/);
    expect(rows.map((row) => row.split(/\s{2,}/).slice(2, 6))).toEqual([
      ["authentication", "login.failed", "failure", "–"],
      ["ingestion", "content.ingested", "success", "bob"],
      ["access_control", "permission.denied", "denied", "ada"],
      ["compliance", "ledger.created", "success", "–"],
    ]);
  });

  it("prints the same records as JSON, NDJSON and CSV", async () => {
    const path = await morning();
    const [json, lines, csv] = await Promise.all(
      ["json", "ndjson", "csv"].map((format) => daybook(["report", "--db", path, "--format", format, "--until", new Date().toISOString()])),
    );
    const events = JSON.parse(json!.stdout) as { seq: number; time: string; action: string }[];
    expect(events).toHaveLength(4);
    expect(
      lines!.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual(events);
    const records = csv!.stdout.split("\r\n");
    expect(records[0]).toMatch(/^id,timestamp,event_type,user_id,severity,details,ip_address,endpoint,/);
    expect(records.slice(1, -1).map((record) => record.split(",").slice(0, 2))).toEqual(
      events.map((event) => [String(event.seq), event.time]),
    );
    expect(records.at(-1)).toBe("");
  });

  it("filters by type, action, person and other fields", async () => {
    const path = await morning();
    expect(await ndjson(path, "--event-type", "ingestion")).toEqual({ status: 0, actions: ["content.ingested"] });
    expect(await ndjson(path, "--event-type", "ingestion,authentication")).toEqual({
      status: 0,
      actions: ["login.failed", "content.ingested"],
    });
    expect(await ndjson(path, "--event-type", "ingestion", "authentication")).toEqual({
      status: 0,
      actions: ["login.failed", "content.ingested"],
    });
    expect(await ndjson(path, "--action", "permission.denied")).toEqual({ status: 0, actions: ["permission.denied"] });
    expect(await ndjson(path, "--severity", "warning")).toEqual({ status: 0, actions: ["login.failed", "permission.denied"] });
    expect(await ndjson(path, "--outcome", "denied")).toEqual({ status: 0, actions: ["permission.denied"] });
    expect(await ndjson(path, "--user", "ada")).toEqual({ status: 0, actions: ["login.failed", "permission.denied"] });
    expect(await ndjson(path, "--actor", "ada")).toEqual({ status: 0, actions: ["permission.denied"] });
    expect(await ndjson(path, "--tenant", "north")).toEqual({ status: 0, actions: ["permission.denied"] });
  });

  it("filters by the last hours and by times", async () => {
    const path = await morning();
    const ago = (hours: number) => new Date(Date.now() - hours * HOUR).toISOString();
    expect((await ndjson(path, "--last", "150m", "--oldest-first", "--user", "bob")).actions).toEqual(["content.ingested"]);
    expect((await ndjson(path, "--last", "PT150M", "--severity", "warning")).actions).toEqual(["login.failed"]);
    expect((await ndjson(path, "--since", ago(2.5), "--until", ago(1.5))).actions).toEqual(["content.ingested"]);
  });

  it("stops at the limit, from either end", async () => {
    const path = await morning();
    expect((await ndjson(path, "--limit", "1", "--event-type", "access_control,ingestion")).actions).toEqual(["content.ingested"]);
    expect((await ndjson(path, "--limit", "2", "--oldest-first")).actions).toEqual(["ledger.created", "permission.denied"]);
  });

  it("exits with 3 and an empty report without matches", async () => {
    const path = await morning();
    const empty = async (format: string) => daybook(["report", "--db", path, "--user", "nobody", "--format", format]);
    expect(await empty("json")).toMatchObject({ status: 3, stdout: "[]\n", stderr: "daybook: nothing matches\n" });
    expect(await empty("ndjson")).toMatchObject({ status: 3, stdout: "" });
    expect((await empty("csv")).stdout).toMatch(/^id,.*\r\n$/);
  });

  it("finds the database by option, environment, default", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "data"));
    const here = await trailWith((audit) => void audit.record(textNoted, { data: { text: "here" } }), {
      path: join(folder, "data", "audit.db"),
    });
    const named = await trailWith((audit) => void audit.record(textNoted, { data: { text: "named" } }));
    const text = (stdout: string) => (JSON.parse(stdout) as { data: { text: string } }).data.text;
    const asked = ["report", "--format", "ndjson", "--event-type", "custom"];
    expect(text((await daybook(asked, { cwd: folder })).stdout)).toBe("here");
    expect(text((await daybook(asked, { cwd: folder, env: { DAYBOOK_DB: named } })).stdout)).toBe("named");
    expect(text((await daybook([...asked, "--db", here], { env: { DAYBOOK_DB: named } })).stdout)).toBe("here");
  });

  it("shows control and direction characters as escapes", async () => {
    const text = "a\u001b[2J\u009b31m\u202etxt";
    const path = await trailWith((audit) => {
      audit.record(textNoted, { data: { text }, actor: { kind: "user", id: "ada\u001b[2J" } });
    });
    const table = await daybook(["report", "--db", path, "--event-type", "custom"]);
    expect(table.stdout).toContain("ada\\u{1b}[2J");
    const line = (await daybook(["report", "--db", path, "--event-type", "custom", "--format", "ndjson"])).stdout;
    expect(line).not.toMatch(/[\u0000-\u0009\u001b\u009b\u202e]/);
    expect((JSON.parse(line) as { data: unknown }).data).toEqual({ text });
  });
});

describe("a report to a file", () => {
  it("is private, also over a readable file", async () => {
    const path = await morning();
    const folder = temporaryFolder();
    const [fresh, old] = [join(folder, "fresh.json"), join(folder, "old.json")];
    writeFileSync(old, "yesterday", { mode: 0o644 });
    for (const file of [fresh, old]) {
      const answer = await daybook(["report", "--db", path, "--format", "json", "--output", file]);
      expect(answer).toMatchObject({ status: 0, stdout: "" });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(JSON.parse(readFileSync(file, "utf8")).length).toBeGreaterThan(3);
    }
    expect(readdirSync(folder).sort()).toEqual(["fresh.json", "old.json"]);
  });

  it("follows a link, and writes to a device", async () => {
    const path = await morning();
    const folder = temporaryFolder();
    mkdirSync(join(folder, "real"));
    writeFileSync(join(folder, "real", "report.csv"), "");
    symlinkSync(join(folder, "real", "report.csv"), join(folder, "link.csv"));
    await daybook(["report", "--db", path, "--format", "csv", "--output", join(folder, "link.csv")]);
    expect(readFileSync(join(folder, "real", "report.csv"), "utf8")).toContain("permission.denied");
    expect(await daybook(["report", "--db", path, "--output", "/dev/null"])).toMatchObject({ status: 0, stdout: "" });
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  it("is refused before the read if not writable", async () => {
    const path = await morning();
    const folder = temporaryFolder();
    expect(await daybook(["report", "--db", path, "--output", join(folder, "no", "such.csv")])).toMatchObject({
      status: 2,
      stderr: `daybook: --output: the folder ${join(folder, "no")} does not exist.\n`,
    });
    expect(await daybook(["report", "--db", path, "--output", folder])).toMatchObject({
      status: 2,
      stderr: `daybook: --output: ${folder} is a folder; give the name of a file in it.\n`,
    });
    expect(await readsOf(path)).toEqual([]);
  });
});

describe("reading the trail", () => {
  it("is recorded with its filter and its size", async () => {
    const path = await morning();
    await daybook(["report", "--db", path, "--user", "ada", "--last", "7d", "--limit", "1", "--format", "csv"]);
    expect(await readsOf(path)).toEqual([{ verb: "report", records: 1, format: "csv", filters: { user: "ada", last: "7d", limit: 1 } }]);
  });

  it("of a copy without keys leaves no record", async () => {
    const path = await morning();
    const copy = join(temporaryFolder(), "copy.db");
    writeFileSync(copy, readFileSync(path));
    const { status, stdout, stderr } = await daybook(["report", "--db", copy, "--user", "ada", "--format", "ndjson"]);
    expect([status, actions(stdout)]).toEqual([0, ["login.failed", "permission.denied"]]);
    expect(stderr).toMatch(/^daybook: this read left no record in the trail \(KEYS_MISSING/);
    expect(existsSync(`${copy}.keys`)).toBe(false);
  });
});

describe("a report that was asked for wrongly", () => {
  it.each([
    { args: ["--last", "6M"], says: 'Write "6M" as a whole number and one of s, m, h, d, w, mo, y' },
    { args: ["--last", "7"], says: "BAD_DURATION" },
    { args: ["--last", "-7d"], says: "BAD_DURATION" },
    { args: ["--last", "7d", "--since", "2026-01-01"], says: "Give --last or --since, not both." },
    { args: ["--since", "yesterday"], says: "--since is a time such as 2026-11-24" },
    { args: ["--until", "2026-13-45"], says: "--until is a time such as" },
    { args: ["--limit", "0"], says: "whole number, at least 1" },
    { args: ["--limit", "many"], says: "whole number, at least 1" },
    { args: ["--severity", "high"], says: "Allowed choices are info, warning, error, critical" },
    { args: ["--format", "xml"], says: "Allowed choices are table, json, ndjson, csv" },
    { args: ["--evnt-type", "error"], says: "Did you mean --event-type?" },
    { args: ["ingestion"], says: "too many arguments" },
  ])("($args) says what is right, with status 2", async ({ args, says }) => {
    // What is wrong is seen before any file is looked at.
    const path = join(tmpdir(), "no-such-trail.db");
    const { status, stdout, stderr } = await daybook(["report", "--db", path, ...args]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(says);
  });

  it("reports a missing trail and another file", async () => {
    const folder = temporaryFolder();
    expect(await daybook(["report", "--db", join(folder, "audit.db")])).toMatchObject({
      status: 2,
      stderr: `daybook: There is no audit trail at ${join(folder, "audit.db")}. Name it with --db or DAYBOOK_DB.\n`,
    });
    writeFileSync(join(folder, "shopping.txt"), "bread, lanterns, winter coats".repeat(100));
    const { status, stderr } = await daybook(["report", "--db", join(folder, "shopping.txt")]);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^daybook: NOT_A_DAYBOOK/)]);
    expect(readdirSync(folder)).toEqual(["shopping.txt"]);
  });
});

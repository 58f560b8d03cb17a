import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BUILT_IN_EVENTS, permissionDenied } from "@daybook/core";
import { openSqliteStore } from "@daybook/store-sqlite";
import Papa from "papaparse";
import { describe, expect, it } from "vitest";
import { daybook } from "./support/run-daybook.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

describe("daybook inventory", () => {
  it("lists every built-in event with its class and days", async () => {
    const { status, stdout } = await daybook(["inventory", "--format", "json"], { cwd: temporaryFolder() });
    const entries = JSON.parse(stdout) as Record<string, unknown>[];
    expect(status).toBe(0);
    expect(entries.map(({ type, action }) => `${type} ${action}`).sort()).toEqual(
      BUILT_IN_EVENTS.map(({ type, action }) => `${type} ${action}`).sort(),
    );
    expect(entries.filter(({ purpose }) => purpose === "")).toEqual([]);
    expect(entries.find(({ action }) => action === "permission.denied")).toEqual({
      type: "access_control",
      action: "permission.denied",
      purpose: permissionDenied.description,
      severity: "warning",
      delivery: "background",
      class: "2 access",
      personalDataDays: 365,
      personal: "permissionsHeld",
      resourceId: "personal",
      origin: "built in",
    });
  });

  it("adds the application's events, in a private file", async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, "daybook.config.mjs"),
      'export default { catalogue: [{ type: "lending", action: "lamp.lent", severity: "info", outcome: "success", delivery: "background", personal: [], resourceId: "personal", retention: 1, description: "A lamp was lent." }] };\n',
    );
    const file = join(folder, "inventory.csv");
    expect(await daybook(["inventory", "--format", "csv", "--output", file], { cwd: folder })).toMatchObject({ status: 0, stdout: "" });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { data } = Papa.parse<Record<string, string>>(readFileSync(file, "utf8"), { header: true, skipEmptyLines: true });
    expect(data.find(({ action }) => action === "lamp.lent")).toMatchObject({
      type: "lending",
      purpose: "A lamp was lent.",
      personal: "nothing in data",
      origin: "application",
    });
  });

  it("prints a table that begins with its titles", async () => {
    const { stdout } = await daybook(["inventory"], { cwd: temporaryFolder() });
    expect(stdout).toMatch(/^type\s+action\s+severity\s+delivery\s+class\s+days\s+erased with a person\s+purpose\n/);
  });

  it("prints the periods that the trail records", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "audit.db");
    const store = await openSqliteStore({ path, onNotice: () => undefined, policy: { 2: { persons_days: 400, heads_days: 400 } } });
    await store.retentionPeriods();
    await store.close();
    const { stdout, stderr } = await daybook(["inventory", "--format", "json", "--db", path], { cwd: folder });
    const entries = JSON.parse(stdout) as Record<string, unknown>[];
    expect([stderr, entries.find(({ action }) => action === "permission.denied")?.personalDataDays]).toEqual(["", 400]);
  });

  it("says so if it prints default periods", async () => {
    const { status, stderr } = await daybook(["inventory"], { cwd: temporaryFolder() });
    expect([status, stderr]).toEqual([0, expect.stringContaining("the days are the default ones")]);
  });
});

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { monitoringStack } from "@daybook/metrics/stack";
import { describe, expect, it } from "vitest";
import { daybook } from "./support/run-daybook.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const filesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => statSync(join(folder, file)).isFile())
    .sort();

const COMPOSE = "/usr/bin/docker-compose";
const composeIsThere = existsSync(COMPOSE);
if (!composeIsThere) console.warn("skipped: docker-compose is not installed (apt-get install docker-compose)");

describe("daybook monitoring init", () => {
  it("writes the whole stack, with a private password", async () => {
    const folder = temporaryFolder();
    const { status, stdout, stderr } = await daybook(["monitoring", "init"], { cwd: folder });
    expect(status).toBe(0);
    const stack = join(folder, "monitoring");
    expect(filesBelow(stack)).toEqual([...monitoringStack().keys(), ".env"].sort());
    for (const [path, text] of monitoringStack()) expect(readFileSync(join(stack, path), "utf8"), path).toBe(text);
    expect(stdout.trim().split("\n")).toHaveLength(monitoringStack().size + 1);
    expect(stdout).toContain("created     monitoring/docker-compose.yml\n");
    expect(stderr).toContain("docker compose --project-directory monitoring up -d");
    expect(readFileSync(join(stack, ".env"), "utf8")).toMatch(/^GRAFANA_ADMIN_PASSWORD=[\w-]{24}\n$/);
    expect(statSync(join(stack, ".env")).mode & 0o777).toBe(0o600);
  });

  it.skipIf(!composeIsThere)("writes a compose file docker-compose accepts as it is", async () => {
    const folder = temporaryFolder();
    await daybook(["monitoring", "init"], { cwd: folder });
    expect(execFileSync(COMPOSE, ["-f", "monitoring/docker-compose.yml", "config", "-q"], { cwd: folder, encoding: "utf8" })).toBe("");
  });

  it("keeps changed files and adds missing ones", async () => {
    const folder = temporaryFolder();
    await daybook(["monitoring", "init", "--dir", "ops"], { cwd: folder });
    const rules = join(folder, "ops/prometheus/rules/daybook.yml");
    const password = readFileSync(join(folder, "ops/.env"), "utf8");
    writeFileSync(rules, "# ours\n");
    const { status, stdout, stderr } = await daybook(["monitoring", "init", "--dir", "ops"], { cwd: folder });
    expect(status).toBe(4);
    expect(stdout).toContain("kept        ops/prometheus/rules/daybook.yml\n");
    expect(stdout).toContain("unchanged   ops/docker-compose.yml\n");
    expect(stderr).toContain("1 files differ");
    expect(readFileSync(rules, "utf8")).toBe("# ours\n");
    expect(readFileSync(join(folder, "ops/.env"), "utf8")).toBe(password);
  });

  it("overwrites with --force, except password and secrets", async () => {
    const folder = temporaryFolder();
    await daybook(["monitoring", "init"], { cwd: folder });
    const at = (path: string) => join(folder, "monitoring", path);
    const password = readFileSync(at(".env"), "utf8");
    writeFileSync(at("alertmanager/alertmanager.yml"), "# ours\n");
    writeFileSync(at("secrets/slack_url"), "https://hooks.example.org/x");
    expect(await daybook(["monitoring", "init", "--force"], { cwd: folder })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("overwritten monitoring/alertmanager/alertmanager.yml\n"),
    });
    expect(readFileSync(at("alertmanager/alertmanager.yml"), "utf8")).toBe(monitoringStack().get("alertmanager/alertmanager.yml"));
    expect([readFileSync(at(".env"), "utf8"), readFileSync(at("secrets/slack_url"), "utf8")]).toEqual([
      password,
      "https://hooks.example.org/x",
    ]);
  });

  it("takes your own names, and refuses invalid ones", async () => {
    const folder = temporaryFolder();
    const own = ["--job", "library", "--target", "app:9464", "--search-route", "/api/find", "--grafana-url", "https://grafana.example.org"];
    expect((await daybook(["monitoring", "init", ...own], { cwd: folder })).status).toBe(0);
    expect(readFileSync(join(folder, "monitoring/prometheus/targets/library.yml"), "utf8")).toContain("- app:9464");
    expect(readFileSync(join(folder, "monitoring/prometheus/rules/daybook.yml"), "utf8")).toContain('route="/api/find"');
    expect(await daybook(["monitoring", "init", "--job", "a b"], { cwd: temporaryFolder() })).toMatchObject({ status: 2, stdout: "" });
  });
});

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { StoredEvent } from "@daybook/core";
import { appendEntries } from "@daybook/core/store";
import { openSqliteReader } from "@daybook/store-sqlite";
import { describeAuditStore, type StoreUnderTest, sampleEntry } from "@daybook/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { lineStore } from "../own-store.ts";

const EXAMPLES = fileURLToPath(new URL("..", import.meta.url));

function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "daybook-example-")));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function trailAt(path: string): Promise<StoredEvent[]> {
  const trail = await openSqliteReader({ path });
  const events: StoredEvent[] = [];
  for await (const event of trail.scan({}, { order: "oldest" })) events.push(event);
  await trail.close();
  return events;
}

const environment = (path: string) => ({ ...process.env, DAYBOOK_DB: path, PORT: "0", NODE_OPTIONS: "" });

/** Runs an example to its end. */
async function run(file: string) {
  const path = join(temporaryFolder(), "audit.db");
  const { stdout } = await promisify(execFile)(process.execPath, [join(EXAMPLES, file)], { env: environment(path) });
  return { stdout, events: await trailAt(path) };
}

/** Starts a server, sends requests to it, and ends it as an operator would. */
async function visit(file: string, requests: readonly { readonly path: string; readonly method?: string; readonly user?: string }[]) {
  const path = join(temporaryFolder(), "audit.db");
  const server = spawn(process.execPath, [join(EXAMPLES, file)], { env: environment(path), stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void server.kill("SIGKILL"));
  let said = "";
  while (!/port: \d+/.test(said)) said += (await once(server.stdout, "data"))[0];
  const port = /port: (\d+)/.exec(said)![1];
  const statuses: number[] = [];
  for (const { path: asked, method = "GET", user } of requests) {
    const response = await fetch(`http://127.0.0.1:${port}${asked}`, { method, headers: user === undefined ? {} : { "x-user": user } });
    await response.text();
    statuses.push(response.status);
  }
  server.kill("SIGTERM");
  await once(server, "close");
  return { statuses, events: await trailAt(path) };
}

describe.each(["express.ts", "fastify.ts"])("the example %s", (file) => {
  it("records who did what, why it was refused, and what was about to happen", async () => {
    const { statuses, events } = await visit(file, [
      { path: "/health" },
      { path: "/orders/7", user: "mira" },
      { path: "/orders/7", method: "DELETE", user: "mira" },
      { path: "/orders/7", method: "DELETE", user: "amina" },
    ]);
    expect(statuses).toEqual([200, 200, 403, 204]);
    const told = events
      .filter(({ type }) => type === "endpoint" || type === "access_control")
      .map(({ action, actor, request, reason, resource }) =>
        [action, actor?.id, request?.status, reason, resource?.id].filter(Boolean).join(" "),
      );
    expect(told.sort()).toEqual([
      "permission.denied mira 403 not_the_owner 7",
      "request.completed amina 204",
      "request.completed mira 200",
      "request.completed mira 403",
      "request.started amina",
      "request.started mira",
    ]);
  });
});

describe("the example own-catalogue.ts", () => {
  it("prints the two records that fit, and why the third does not", async () => {
    const { stdout, events } = await run("own-catalogue.ts");
    expect(stdout.split("\n")[0]).toMatch(/^SCHEMA_VIOLATION: .*days/);
    expect(
      stdout
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => JSON.parse(line))
        // What is durable is written before what is not.
        .sort((a, b) => (a.action < b.action ? -1 : 1)),
    ).toEqual([
      { type: "lending", action: "book.lent", who: "ada", data: { title: "The Prince", days: 28 } },
      { type: "admin_action", action: "shelf.moved", who: "ada", data: { from: "north", to: "south" } },
    ]);
    expect(events.filter(({ action }) => action === "book.lent")).toHaveLength(1);
  });
});

describe("the example jobs.ts", () => {
  it("leaves what the job did and where it failed, in its name", async () => {
    const { stdout, events } = await run("jobs.ts");
    expect(stdout).toBe("done, 0 records lost\n");
    expect(
      events.filter(({ actor }) => actor?.id === "nightly-import").map(({ action, outcome, error }) => [action, outcome, error?.code]),
    ).toEqual([
      ["content.ingested", "success", undefined],
      ["operation.failed", "failure", "IMPORT_FAILED"],
      ["content.ingested", "success", undefined],
    ]);
  });
});

const opened = (path: string): StoreUnderTest => ({
  store: lineStore(path),
  reopen: async () => opened(path),
});

describeAuditStore("the example own-store.ts", async () => opened(join(temporaryFolder(), "audit.ndjson")));

describe("the example own-store.ts", () => {
  it("leaves out a line that was cut off, and goes on after it", async () => {
    const path = join(temporaryFolder(), "audit.ndjson");
    const store = lineStore(path);
    await appendEntries(store, [sampleEntry()], { durable: true });
    await store.close();
    appendFileSync(path, '{"seq":1,"id":"cut o');
    const again = lineStore(path);
    expect(await again.count()).toBe(1);
    await appendEntries(again, [sampleEntry()], { durable: true });
    await again.close();
    const last = lineStore(path);
    expect((await last.query()).events.map(({ seq }) => seq)).toEqual([1, 0]);
    await last.close();
  });
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "./support/temporary-library.ts";

const DEMO = fileURLToPath(new URL("..", import.meta.url));

/** Starts the demo as `pnpm demo` does after building. */
function start(args: readonly string[], { folder = temporaryFolder(), demo = DEMO } = {}) {
  const child = spawn(process.execPath, [join(demo, "src", "main.ts"), ...args], {
    cwd: folder,
    env: { ...process.env, DAYBOOK_DB: join(folder, "data", "audit.db"), NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, "close").then(([status]) => ({ status: status as number | null, stdout, stderr }));
  const says = async (text: string) => {
    while (!stdout.includes(text)) await Promise.race([once(child.stdout, "data"), ended.then(() => Promise.reject(new Error(stderr)))]);
    return stdout;
  };
  return { child, ended, says };
}

const counts = (stdout: string) =>
  new Map([...stdout.matchAll(/^ {2}([a-z_]+) +(\d+)$/gm)].map(([, type, count]) => [type!, Number(count)] as const));

describe("the demo with --exit", () => {
  it("prints a summary and exits with status 0", async () => {
    const { status, stdout } = await start(["--exit"]).ended;
    expect(status).toBe(0);
    expect(counts(stdout).get("ingestion")).toBe(18);
    expect(stdout).toMatch(/^ {2}(\d+) records accepted, \1 written, 0 queued, 0 dropped$/m);
    expect(stdout).toMatch(/^ {2}intact, tamper-detecting: \d+ entries, signed to \d+/m);
    expect(stdout).toMatch(/^ {2}the library +http:\/\/127\.0\.0\.1:\d+\/$/m);
    expect(stdout).toMatch(/^ {2}its metrics +http:\/\/127\.0\.0\.1:\d+\/metrics$/m);
    expect(stdout).toMatch(/^ {2}npx daybook monitoring init --search-route \/$/m);
    expect(stdout).toMatch(/^ {2}the same in a shell +npx daybook report --db /m);
  });

  it("can be run again over the same files", async () => {
    const folder = temporaryFolder();
    await start(["--exit"], { folder }).ended;
    const { status, stdout } = await start(["--exit", "--framework", "fastify"], { folder }).ended;
    expect(status).toBe(0);
    expect(counts(stdout).get("ingestion")).toBe(36);
  });
});

describe("the demo without --exit", () => {
  it("serves under --load until SIGTERM", async () => {
    const { child, ended, says } = start(["--port", "0", "--metrics-port", "0", "--load", "100"]);
    const stdout = await says("keep the library busy");
    const url = /Open (http:\/\/\S+?)\/ in a browser/.exec(stdout)![1]!;
    const metrics = /its metrics +(\S+)/.exec(stdout)![1]!;
    expect((await fetch(`${url}/books`)).status).toBe(200);
    const requests = async () =>
      [...(await (await fetch(metrics)).text()).matchAll(/^daybook_http_requests_total\{.*\} (\d+)$/gm)].reduce(
        (sum, [, n]) => sum + Number(n),
        0,
      );
    const before = await requests();
    while ((await requests()) < before + 20) await new Promise((resolve) => setTimeout(resolve, 100));
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ status: 0, stdout: expect.stringMatching(/\d+ requests made\.\n$/) });
  });
});

describe("the demo with unusable arguments", () => {
  it.each([
    { args: ["--framework", "koa"], says: "--framework is express or fastify" },
    { args: ["--port", "http"], says: "--port is a number from 0 to 65535" },
    { args: ["--metrics-port", "70000"], says: "--metrics-port is a number from 0 to 65535" },
    { args: ["--books", "/no/such/folder"], says: "--books: /no/such/folder is no folder" },
    { args: ["--load", "0"], says: "--load is a number from 1 to 1000" },
    { args: ["--verbose"], says: "Unknown option '--verbose'" },
  ])("says so: $args", async ({ args, says }) => {
    const { status, stderr } = await start(args).ended;
    expect([status, stderr]).toEqual([2, expect.stringContaining(says)]);
    expect(stderr).toContain("Alexandria, a small library with an audit trail.");
  });

  it("names the taken port and leaves no process", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    const { status, stderr } = await start(["--port", String(port), "--metrics-port", "0"]).ended;
    expect(status).toBe(1);
    expect(stderr).toContain(`The port ${port} is taken; choose others with --port and --metrics-port, 0 for any.`);
  });
});

describe("another store", () => {
  it("needs one changed line and its import", async () => {
    const folder = temporaryFolder();
    const copy = join(folder, "demo");
    mkdirSync(copy);
    for (const name of ["src", "shelf", "package.json"]) cpSync(join(DEMO, name), join(copy, name), { recursive: true });
    symlinkSync(join(DEMO, "node_modules"), join(copy, "node_modules"));
    const place = join(copy, "src", "trail", "open-audit-log.ts");
    const before = readFileSync(place, "utf8");
    const after = before
      .replace('import { openSqliteStore } from "@daybook/store-sqlite";', 'import { memoryStore } from "@daybook/core";')
      .replace("const store = await openSqliteStore({ path });", "const store = memoryStore();");
    const changed = (other: string) => (line: string) => !other.split("\n").includes(line);
    expect(after.split("\n").filter(changed(before))).toEqual([
      'import { memoryStore } from "@daybook/core";',
      "  const store = memoryStore();",
    ]);
    writeFileSync(place, after);
    const sqlite = await start(["--exit"]).ended;
    const memory = await start(["--exit"], { demo: copy }).ended;
    expect(memory.status).toBe(0);
    expect(memory.stdout).toContain("this store gives no proofs");
    // A store without persons and proofs has no consents, no erasure and no ledger entries.
    const others = (stdout: string) => new Map([...counts(stdout)].filter(([type]) => type !== "compliance").sort());
    expect(others(memory.stdout)).toEqual(others(sqlite.stdout));
  });
});

import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AuditLog, contentIngested, defineEvent, permissionDenied, requestCompleted, runAs } from "@daybook/core";
import { appendEntries, type SinkEntry, uuidV7 } from "@daybook/core/store";
import { canonicalText } from "@daybook/ledger";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { sqliteDriverPath } from "../src/database/sqlite-driver.ts";
import { openSqliteReader, openSqliteStore, openSqliteStoreSync, SCHEMA_VERSION } from "../src/index.ts";
import { referencesOf } from "./support/references.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { bookLent, openTrail } from "./support/trail.ts";

const lend = (audit: AuditLog, user: string, title: string) =>
  runAs({ kind: "user", id: user, ip: "203.0.113.77" }, () => audit.recordWith(bookLent, { data: { title, days: 14 } }, {}));

describe("a trail at a path that does not exist", () => {
  it("creates folder, keys and entry 0 for its owner", async () => {
    const path = join(temporaryFolder(), "data", "audit.db");
    const notices: string[] = [];
    const { store } = await openTrail({ path, onNotice: (notice) => notices.push(notice) });
    const mode = (file: string) => statSync(file).mode & 0o777;
    expect([mode(join(path, "..")), mode(path), mode(`${path}.keys`), mode(`${path}-wal`)]).toEqual([0o700, 0o600, 0o600, 0o600]);
    expect(notices[1]).toContain("TAMPER-DETECTING");
    expect(store.origin).toMatch(/^localhost\/daybook\/[0-9a-f]{12}\/1$/);
    const { events } = await store.query();
    expect(events.map(({ seq, action, state }) => ({ seq, action, state }))).toEqual([{ seq: 0, action: "ledger.created", state: "full" }]);
  });

  it("is refused if the folder's parent is missing", async () => {
    await expect(openSqliteStore({ path: join(temporaryFolder(), "a", "b", "audit.db") })).rejects.toMatchObject({
      code: "STORE_OPEN_FAILED",
      hint: expect.stringContaining("does not exist"),
    });
  });
});

describe("recorded events", () => {
  it("are returned unchanged, newest first", async () => {
    const { store, audit } = await openTrail();
    await lend(audit, "ada", "Frankenstein").stored;
    const [event] = (await store.query({ type: "custom" })).events;
    expect(event).toMatchObject({
      seq: 1,
      state: "full",
      type: "custom",
      action: "book.lent",
      outcome: "success",
      actor: { kind: "user", id: "ada", ip: "203.0.113.0" },
      data: { title: "Frankenstein", days: 14 },
    });
  });

  it("have the expected columns in the sqlite3 shell", async () => {
    const { path, audit } = await openTrail();
    await lend(audit, "ada", "Frankenstein").stored;
    const db = new Database(path, { readonly: true });
    const row = db.prepare("SELECT * FROM audit_log WHERE event_type = 'custom'").get();
    db.close();
    expect(row).toMatchObject({
      id: 1,
      event_type: "custom",
      user_id: "ada",
      severity: "info",
      details: '{"days":14,"title":"Frankenstein"}',
      ip_address: "203.0.113.0",
      endpoint: null,
      action: "book.lent",
      outcome: "success",
      state: "full",
    });
  });

  it("are found by person, type, time and key", async () => {
    const { store, audit } = await openTrail();
    for (let i = 0; i < 30; i++) lend(audit, i % 3 === 0 ? "ada" : "bob", `Book ${i}`);
    runAs({ kind: "user", id: "carol" }, () => audit.record(permissionDenied, { subjects: [{ id: "ada", role: "target" }] }));
    await audit.flush();
    expect(await store.count({ user: "ada" })).toBe(11);
    expect(await store.count({ actor: "ada" })).toBe(10);
    expect(await store.count({ actor: "Ada" })).toBe(0);
    expect(await store.countBy("type")).toEqual(
      new Map([
        ["custom", 30],
        ["access_control", 1],
        ["compliance", 1],
      ]),
    );
    const seen: number[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await store.query({ type: "custom" }, { limit: 7, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.events.map(({ seq }) => seq));
      cursor = page.next;
      if (cursor === undefined) break;
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => 30 - i));
  });

  it("are stored once if appended repeatedly", async () => {
    const { store, audit } = await openTrail();
    await lend(audit, "ada", "Emma").stored;
    const { id, time } = (await store.query({ type: "custom" })).events[0] as { id: string; time: string };
    const event = {
      id,
      time,
      type: "custom",
      action: "book.lent",
      severity: "info",
      outcome: "success",
      actor: { kind: "system" },
    } as const;
    expect(
      await appendEntries(
        store,
        [
          { event, definition: bookLent },
          { event, definition: bookLent },
        ],
        { durable: true },
      ),
    ).toEqual({ refused: [] });
    expect(await store.count({ type: "custom" })).toBe(1);
  });

  it("carry the store time if a minute late", async () => {
    const { path, store } = await openTrail();
    const happened = (secondsAgo: number): SinkEntry => ({
      definition: bookLent,
      event: {
        id: uuidV7(Date.now() - secondsAgo * 1_000),
        time: new Date(Date.now() - secondsAgo * 1_000).toISOString(),
        type: "custom",
        action: "book.lent",
        severity: "info",
        outcome: "success",
        actor: { kind: "user", id: "ada" },
        data: { title: "Emma", days: 7 },
      },
    });
    const began = new Date().toISOString();
    await appendEntries(store, [happened(120), happened(5)], { durable: true });
    const db = new Database(path, { readonly: true });
    const [late, punctual] = db.prepare<[], string>("SELECT head FROM daybook_event WHERE type = 'custom' ORDER BY seq").pluck().all();
    db.close();
    expect(JSON.parse(late!).late >= began).toBe(true);
    expect(late).toBe(canonicalText(JSON.parse(late!)));
    expect(punctual).not.toContain('"late"');
  });

  it("are refused without the rest of their batch", async () => {
    const { store } = await openTrail();
    const event = (id: string, subjects: { id: string; role: "target" }[]) => ({
      definition: permissionDenied,
      event: {
        id,
        time: "2026-11-24T09:00:00.000Z",
        type: "access_control",
        action: "permission.denied",
        severity: "warning",
        outcome: "denied",
        actor: { kind: "user", id: "bob" },
        subjects,
      } as const,
    });
    const twice = [
      { id: "ada", role: "target" as const },
      { id: "ada", role: "target" as const },
    ];
    const { refused } = await appendEntries(
      store,
      [
        event("0199d7a0-0000-7000-8000-000000000001", []),
        event("0199d7a0-0000-7000-8000-000000000002", twice),
        event("0199d7a0-0000-7000-8000-000000000003", []),
      ],
      { durable: true },
    );
    expect(refused).toMatchObject([{ id: "0199d7a0-0000-7000-8000-000000000002", code: "DUPLICATE_PERSON" }]);
    expect(await store.count({ type: "access_control" })).toBe(2);
  });

  it("are found by id if only pseudonyms are stored", async () => {
    const { path, store, audit } = await openTrail({ userIds: "pseudonymous" });
    await lend(audit, "ada-the-unmistakable", "Emma").stored;
    expect(await store.count({ user: "ada-the-unmistakable" })).toBe(1);
    expect((await store.query({ type: "custom" })).events[0]?.actor?.id).toMatch(/^1\.[0-9a-f]{32}$/);
    await audit.close();
    expect(readFileSync(path).includes("ada-the-unmistakable")).toBe(false);
  });
});

describe("one file opened several times", () => {
  it("shares one writer until the last store closes", async () => {
    const { path, store, audit } = await openTrail();
    const again = await openSqliteStore({ path, onNotice: () => undefined });
    await store.close();
    await appendEntries(
      again,
      [
        {
          definition: requestCompleted,
          event: {
            id: "0199d7a0-0000-7000-8000-000000000009",
            time: "2026-11-24T09:00:00.000Z",
            type: "endpoint",
            action: "request.completed",
            severity: "info",
            outcome: "success",
            actor: { kind: "anonymous" },
          },
        },
      ],
      { durable: true },
    );
    expect(await again.count({ type: "endpoint" })).toBe(1);
    await again.close();
    await audit.close();
  });

  it("is created once by four processes starting together", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "audit.db");
    const script = join(folder, "writer.mjs");
    const source = new URL("../dist/index.js", import.meta.url).href;
    const core = new URL("../../core/dist/index.js", import.meta.url).href;
    writeFileSync(
      script,
      `import { createAuditLog, contentIngested } from ${JSON.stringify(core)};
       import { openSqliteStore } from ${JSON.stringify(source)};
       const store = await openSqliteStore({ path: process.argv[2], onNotice() {} });
       const audit = createAuditLog({ store, lifecycle: false });
       await Promise.all(Array.from({ length: 25 }, (_, i) => audit.record(contentIngested, { data: { source: "x", count: i, bytes: 1, status: "added" } }).stored));
       await audit.close();`,
    );
    const { spawn } = await import("node:child_process");
    const exits = await Promise.all(
      Array.from(
        { length: 4 },
        () => new Promise((resolve) => spawn(process.execPath, [script, path], { stdio: "inherit" }).once("exit", resolve)),
      ),
    );
    expect(exits).toEqual([0, 0, 0, 0]);
    const reader = await openSqliteReader({ path });
    expect(await reader.count({ action: contentIngested.action })).toBe(100);
    const { entries, schemaDifferences } = reader.health();
    expect({ entries, schemaDifferences }).toEqual({ entries: 101, schemaDifferences: [] });
    await reader.close();
  });
});

describe("a file that cannot be opened", () => {
  it("is refused if foreign, no database or newer", async () => {
    const folder = temporaryFolder();
    const foreign = join(folder, "foreign.db");
    const db = new Database(foreign);
    db.exec("CREATE TABLE books (id)");
    db.close();
    await expect(openSqliteStore({ path: foreign })).rejects.toMatchObject({ code: "NOT_A_DAYBOOK" });
    const text = join(folder, "text.db");
    writeFileSync(text, "this is a letter, not a database\n".repeat(300));
    await expect(openSqliteStore({ path: text })).rejects.toMatchObject({ code: "NOT_A_DAYBOOK" });
    const { path, audit } = await openTrail();
    await audit.close();
    const newer = new Database(path);
    newer.prepare("UPDATE daybook_meta SET value = ? WHERE key = 'writer'").run(String(SCHEMA_VERSION + 1));
    newer.close();
    await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: "SCHEMA_NEWER" });
  });

  it("is refused on a Node that is too old", () => {
    expect(() => sqliteDriverPath("20.20.2")).toThrow(expect.objectContaining({ code: "NODE_TOO_OLD" }));
    expect(sqliteDriverPath("22.18.0")).toContain("better-sqlite3");
  });

  it("is refused with missing, wrong or exposed keys", async () => {
    const { path, audit } = await openTrail();
    await audit.close();
    const other = await openTrail();
    await other.audit.close();
    const keys = readFileSync(`${path}.keys`, "utf8");
    chmodSync(`${path}.keys`, 0o644);
    expect(() => openSqliteStoreSync({ path })).toThrow(expect.objectContaining({ code: "KEYS_TOO_OPEN" }));
    chmodSync(`${path}.keys`, 0o600);
    writeFileSync(`${path}.keys`, readFileSync(`${other.path}.keys`));
    expect(() => openSqliteStoreSync({ path })).toThrow(expect.objectContaining({ code: "KEYS_MISMATCH" }));
    execFileSync("rm", [`${path}.keys`]);
    expect(() => openSqliteStoreSync({ path })).toThrow(expect.objectContaining({ code: "KEYS_MISSING" }));
    expect(existsSync(`${path}.keys`)).toBe(false);
    const found = openSqliteStoreSync({ path, keys, onNotice: () => undefined });
    await found.close();
  });

  it("is refused without write permission", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "audit.db"));
    expect(() => openSqliteStoreSync({ path: join(folder, "audit.db") })).toThrow(expect.objectContaining({ code: "STORE_OPEN_FAILED" }));
    expect(() => openSqliteStoreSync({ path: "/proc/audit.db" })).toThrow(
      expect.objectContaining({ code: "STORE_OPEN_FAILED", hint: expect.stringContaining("/proc/audit.db") }),
    );
  });
});

describe("growth", () => {
  it("keeps the write-ahead log short under load", async () => {
    const { path, store } = await openTrail();
    const definition = defineEvent({ type: "custom", action: "rare.seen" });
    for (let block = 0; block < 60; block++) {
      const time = new Date().toISOString();
      const batch = Array.from({ length: 500 }, () => ({
        definition,
        event: {
          id: uuidV7(Date.now()),
          time,
          type: "custom",
          action: "rare.seen",
          severity: "info",
          outcome: "success",
          actor: { kind: "system" },
        },
      })) as readonly SinkEntry[];
      expect(await appendEntries(store, batch, { durable: true })).toEqual({ refused: [] });
    }
    expect(statSync(path).size).toBeGreaterThan(4e6);
    expect(statSync(`${path}-wal`).size).toBeLessThan(64 * 1024 * 1024);
  });

  it("finds persons on both sides of a bucket boundary", async () => {
    const { path, store } = await openTrail();
    const rare = defineEvent({ type: "custom", action: "rare.seen" });
    let n = 0;
    const event = (user: string) => ({
      definition: rare,
      event: {
        id: `0199d7a0-0000-7000-8000-${(n++).toString(16).padStart(12, "0")}`,
        time: "2026-11-24T09:00:00.000Z",
        type: "custom",
        action: "rare.seen",
        severity: "info",
        outcome: "success",
        actor: { kind: "user", id: user },
      } as const,
    });
    for (let block = 0; block < 34; block++)
      await appendEntries(
        store,
        Array.from({ length: 500 }, (_, i) => event(i === 0 ? "ada" : `reader-${i}`)),
        { durable: true },
      );
    expect(referencesOf(path)).toHaveLength(4 * 4_096 - 1);
    expect(await store.count({ user: "ada" })).toBe(34);
    expect((await store.query({ user: "ada" }, { limit: 40, order: "oldest" })).events.map(({ seq }) => seq)).toEqual(
      Array.from({ length: 34 }, (_, i) => 1 + 500 * i),
    );
  });
});

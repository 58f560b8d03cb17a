import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createAuditLog, runAs } from "@daybook/core";
import { describe, expect, it } from "vitest";
import { backupDatabase, dirAnchor, openSqliteReader, openSqliteStore, restoreLedger } from "../src/index.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { bookLent } from "./support/trail.ts";

async function session(
  path: string,
  work: (lend: (user: string) => Promise<void>, store: Awaited<ReturnType<typeof openSqliteStore>>) => Promise<void>,
) {
  const store = await openSqliteStore({ path, onNotice: () => undefined });
  const audit = createAuditLog({ store, catalogue: [bookLent], signals: false, lifecycle: false });
  try {
    await work(
      (user) => runAs({ kind: "user", id: user }, () => audit.record(bookLent, { data: { title: "Emma", days: 1 } })).stored,
      store,
    );
  } finally {
    await audit.close();
  }
}

describe("checkpoints", () => {
  it("reach the default anchor folder when the log closes", async () => {
    const path = join(temporaryFolder(), "audit.db");
    await session(path, async (lend, store) => {
      await lend("ada");
      await store.erase("ada");
    });
    const anchor = dirAnchor(`${path}.anchors`);
    const note = await anchor.newest();
    expect(note).toMatch(/^localhost\/daybook\/[0-9a-f]{12}\/1\n4\n/);
    expect(await anchor.manifests()).toMatchObject([{ seq: 2, action: "ledger.erasure", gone: { "1": [1] } }]);
    expect(await anchor.suppressions()).toHaveLength(1);
    const db = readFileSync(path);
    expect(db.includes("ada-lovelace")).toBe(false);
  });
});

describe("a restored backup", () => {
  it("continues as a new generation with every erasure repeated", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "audit.db");
    const backup = join(folder, "backup.db");
    await session(path, async (lend) => {
      for (const user of ["ada-lovelace", "bob", "ada-lovelace"]) await lend(user);
    });
    await backupDatabase(path, backup);
    await session(path, async (lend, store) => {
      await lend("carol");
      await store.erase("ada-lovelace");
      await lend("dora");
    });
    for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true });
    renameSync(backup, path);
    expect(readFileSync(path).includes("ada-lovelace")).toBe(true);
    await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: "LOG_DAMAGED", hint: expect.stringContaining("TRUNCATED") });

    const plan = await restoreLedger({ path });
    expect(plan).toMatchObject({ confirmed: false, entries: 4, seen: 8, repeated: 2 });
    expect(readFileSync(path).includes("ada-lovelace")).toBe(true);

    const done = await restoreLedger({ path, confirm: true });
    expect(done.origin).toMatch(/\/2$/);
    expect(Buffer.concat([path, `${path}-wal`].filter(existsSync).map((file) => readFileSync(file))).includes("ada-lovelace")).toBe(false);
    await session(path, async (lend, store) => {
      expect(store.origin).toBe(done.origin);
      await lend("emil");
      const [event] = (await store.query({ action: "ledger.continues" })).events;
      expect(event).toMatchObject({ seq: 4, data: { reason: "restore", from: { size: 8 } } });
    });
    const reader = await openSqliteReader({ path });
    const notes = (await dirAnchor(`${path}.anchors`).notes()).map((note) => ({ note, source: "anchor" as const }));
    const report = await reader.verify({ notes });
    await reader.close();
    expect(report).toMatchObject({ verdict: "intact", findings: [], erased: 2 });
    expect(report.warnings.map(({ code }) => code)).toContain("DECLARED_LOSS");
  });

  it("is refused if no entry is missing", async () => {
    const path = join(temporaryFolder(), "audit.db");
    await session(path, (lend) => lend("ada"));
    await expect(restoreLedger({ path, confirm: true })).rejects.toMatchObject({ code: "BAD_OPTION" });
  });
});

describe("a missing database with existing keys and anchors", () => {
  it("does not start again under its name", async () => {
    const path = join(temporaryFolder(), "audit.db");
    await session(path, (lend) => lend("ada"));
    for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true });
    await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: "LOG_DAMAGED", hint: expect.stringContaining("TRUNCATED") });
    expect(existsSync(path)).toBe(false);
  });
});

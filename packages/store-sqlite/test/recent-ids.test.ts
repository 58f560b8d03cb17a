import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AuditEvent, defineEvent } from "@daybook/core";
import { appendEntries, uuidV7 } from "@daybook/core/store";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSqliteStore, type SqliteStore } from "../src/index.ts";

const noted = defineEvent({ type: "custom", action: "note.recorded" });
const FIRST = Date.UTC(2026, 10, 1);
/** More than two buckets of 4,096. */
const EVENTS = 9_000;

const eventAt = (time: number): AuditEvent => ({
  id: uuidV7(time),
  time: new Date(time).toISOString(),
  type: "custom",
  action: "note.recorded",
  severity: "info",
  outcome: "success",
  actor: { kind: "user", id: "ada" },
});

const folder = mkdtempSync(join(tmpdir(), "daybook-ids-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const original = join(folder, "original.db");
const events = Array.from({ length: EVENTS }, (_, n) => eventAt(FIRST + n * 10));
let keys: string;

const open = (path: string) => openSqliteStore({ path, keys, anchors: [], onNotice: () => undefined });
const store = (to: SqliteStore, batch: readonly AuditEvent[]) =>
  appendEntries(
    to,
    batch.map((event) => ({ definition: noted, event })),
    { durable: true },
  );
const rows = (path: string): number => {
  const db = new Database(path, { readonly: true });
  const count = db.prepare<[], number>("SELECT count(*) FROM daybook_event WHERE type = 'custom'").pluck().get()!;
  db.close();
  return count;
};

beforeAll(async () => {
  const first = await openSqliteStore({ path: original, anchors: [], onNotice: () => undefined });
  keys = readFileSync(`${original}.keys`, "utf8");
  for (let n = 0; n < EVENTS; n += 500) await store(first, events.slice(n, n + 500));
  await first.close();
}, 60_000);

/** An open copy of the log. */
async function copied(name: string): Promise<{ path: string; log: SqliteStore }> {
  const path = join(folder, `${name}.db`);
  copyFileSync(original, path);
  return { path, log: await open(path) };
}

describe("an event that is sent again", () => {
  it.each([
    ["the last batch", events.slice(-500)],
    ["a batch over the end of a bucket", events.slice(3_900, 4_300)],
    ["the first event", events.slice(0, 1)],
    ["events from everywhere", events.filter((_, n) => n % 97 === 0)],
    ["all events", events],
    ["one event twice", [events[17]!, events[17]!]],
  ])("is stored once: %s", async (name, again) => {
    const { path, log } = await copied(name.replaceAll(" ", "-"));
    expect(await store(log, again)).toEqual({ refused: [] });
    expect(rows(path)).toBe(EVENTS);
    const fresh = eventAt(FIRST + EVENTS * 10);
    await store(log, [again[0]!, fresh, fresh, again.at(-1)!]);
    expect(rows(path)).toBe(EVENTS + 1);
    await log.close();
  });

  it("is stored if only its time is old", async () => {
    const { path, log } = await copied("late");
    await store(log, [eventAt(FIRST + 5), eventAt(FIRST - 5), eventAt(FIRST + 40_005)]);
    expect(rows(path)).toBe(EVENTS + 3);
    await log.close();
  });

  it("is stored once if another process stored it", async () => {
    const { path, log } = await copied("others");
    await store(log, [eventAt(FIRST + EVENTS * 10)]);
    // The same rows as another connection writes them.
    const more = Array.from({ length: 6_000 }, (_, n) => eventAt(FIRST + (EVENTS + 1 + n) * 10));
    const program = fileURLToPath(new URL("./support/append-program.ts", import.meta.url));
    execFileSync(process.execPath, [program, path], {
      input: JSON.stringify({ keys, events: more }),
      stdio: ["pipe", "inherit", "inherit"],
    });
    await store(log, more.slice(0, 10));
    await store(log, more.slice(-10));
    expect(rows(path)).toBe(EVENTS + 1 + 6_000);
    await log.close();
  }, 60_000);
});

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { openHouse, TICK } from "./support/house.ts";

const PROGRAM = fileURLToPath(new URL("./support/journal-process.ts", import.meta.url));
const LOGS_PER_PROCESS = 4;
const ENTRIES_PER_PROCESS = 2_500;
/** How long the gap between withdrawal and new consent lasts. */
const GAP_MS = 5_000;

async function start(path: string): Promise<ChildProcess> {
  const child = fork(PROGRAM, [path, String(LOGS_PER_PROCESS)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "message");
  return child;
}

const tallyOf = async (child: ChildProcess): Promise<Record<string, number>> => (await once(child, "message"))[0] as Record<string, number>;

describe("5,000 entries in flight in two processes", () => {
  it("leave nothing after withdrawal, kill and restart", async () => {
    const { path, consent } = await openHouse();
    await consent.give("ada", "personal_diary", TICK);
    const reader = new Database(path, { readonly: true });
    const rows = reader.prepare<[], string>("SELECT query FROM user_activity ORDER BY id").pluck();
    const [first, second] = await Promise.all([start(path), start(path)]);
    for (const [child, name] of [
      [first, "first"],
      [second, "second"],
    ] as const) {
      child.send({ record: name, count: ENTRIES_PER_PROCESS });
    }
    // Some are stored, some wait in the processes, some are on their way to a writer.
    while (rows.all().length < 100) await wait(1);
    await consent.withdraw("ada", "personal_diary", { method: "api" });
    const returned = rows.all();
    setTimeout(() => first.kill("SIGKILL"), 20);
    const seen = new Set<string>(returned);
    const until = performance.now() + GAP_MS;
    const [tally] = await Promise.all([tallyOf(second), once(first, "exit")]);
    const again = await start(path);
    again.send({ record: "in the gap", count: 500 });
    const gap = await tallyOf(again);
    while (performance.now() < until) {
      for (const query of rows.all()) seen.add(query);
      await wait(10);
    }
    expect([returned, [...seen]]).toEqual([[], []]);
    expect(gap).toEqual({ no_consent: 500 });
    const { stored = 0, withdrawn_in_flight: withdrawn = 0, no_consent: refused = 0 } = tally;
    expect(stored + withdrawn + refused).toBe(ENTRIES_PER_PROCESS);
    expect(withdrawn + refused).toBeGreaterThan(0);

    await consent.give("ada", "personal_diary", TICK);
    for (const child of [second, again]) child.send({ record: "agreed anew", count: 100 });
    expect(await Promise.all([second, again].map(tallyOf))).toEqual([{ stored: 100 }, { stored: 100 }]);
    await wait(200);
    expect(rows.all().filter((query) => !query.startsWith("agreed anew"))).toEqual([]);
    expect(rows.all()).toHaveLength(200);
    for (const child of [second, again]) child.send({ close: true });
    await Promise.all([second, again].map((child) => once(child, "exit")));
    reader.close();
  });
});

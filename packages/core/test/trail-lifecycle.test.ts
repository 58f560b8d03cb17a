import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type AuditEvent, type AuditLogOptions, memoryStore, noteRecorded } from "../src/index.ts";
import type { AuditStore } from "../src/store.ts";
import { runChild } from "./support/child.ts";
import { temporaryFolder } from "./support/folders.ts";
import { eventually, expectBalance, logOver } from "./support/logs.ts";
import { moodySink } from "./support/moody-sink.ts";

/** A store in memory that outlives its log, with a place for a spool. */
const storeIn = (folder: string): AuditStore & ReturnType<typeof memoryStore> => ({
  ...memoryStore(),
  spoolPath: join(folder, "audit.db.spool"),
});

const open = (store: AuditStore, options: Partial<AuditLogOptions> = {}) => logOver(store, { sinks: [], store, ...options });
const told = (events: readonly { readonly action?: string; readonly data?: AuditEvent["data"] }[]) =>
  events.map(({ action, data }) => (action === "note.recorded" ? data?.note : { action, ...data }));

describe("a trail", () => {
  it("records its start and its end", async () => {
    const folder = temporaryFolder();
    const store = storeIn(folder);
    const { audit } = open(store);
    audit.record(noteRecorded, { data: { note: "between" } });
    await audit.close();
    const run = expect.stringMatching(/^\d+-[0-9a-f]{12}$/);
    expect(told(store.events)).toEqual([
      { action: "trail.opened", run, previous: "none" },
      "between",
      { action: "trail.closed", run, cause: "close" },
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("records nothing about itself if switched off", async () => {
    const quiet = storeIn(temporaryFolder());
    const forgetful = memoryStore();
    for (const { audit } of [open(quiet, { lifecycle: false }), open(forgetful)]) {
      audit.record(noteRecorded, { data: { note: "only" } });
      await audit.close();
    }
    expect([told(quiet.events), told(forgetful.events)]).toEqual([["only"], ["only"]]);
  });

  it("records the gap after a killed process", async () => {
    const folder = temporaryFolder();
    const child = runChild(
      folder,
      `const store = { ...core.memoryStore(), spoolPath: folder + "/audit.db.spool" };
       const audit = core.createAuditLog({ store, onNotice: () => {} });
       await audit.record(core.noteRecorded, { data: { note: "n" } }).stored;
       say("up"); setInterval(() => {}, 1000);`,
    );
    await child.said("up");
    const killedAt = Date.now();
    child.process.kill("SIGKILL");
    await child.ended;
    const store = storeIn(folder);
    const before = {
      id: "0193a2b4-0000-7000-8000-000000000000",
      time: new Date(killedAt - 5_000).toISOString(),
      type: "custom",
      action: "note.recorded",
    };
    await store.append(
      [
        {
          event: { ...before, severity: "info", outcome: "success", actor: { kind: "system" }, data: { note: "older" } },
          definition: noteRecorded,
        },
      ],
      {
        durable: true,
      },
    );
    const { audit } = open(store);
    audit.record(noteRecorded, { data: { note: "new" } });
    await audit.flush();
    const run = expect.any(String);
    expect(told(store.events)).toEqual([
      "older",
      {
        action: "trail.gap",
        cause: "unclean_stop",
        start: before.time,
        end: expect.any(String),
        lastSeq: 0,
        spooled: 0,
        run: `${child.process.pid}-${[...runsOf(store)][0]}`,
      },
      { action: "trail.opened", run, previous: "unclean", lastSeq: 0 },
      "new",
    ]);
  });

  it("replays the spool of a killed process", async () => {
    const folder = temporaryFolder();
    const child = runChild(
      folder,
      `const store = { ...core.memoryStore(), spoolPath: folder + "/audit.db.spool", append: async () => { throw new Error("down"); } };
       const audit = core.createAuditLog({ store, onNotice: () => {}, onProblem: () => {} });
       for (let i = 0; i < 600; i++) await audit.record(core.noteRecorded, { data: { note: "n" + i } }).stored;
       say("spooled"); setInterval(() => {}, 1000);`,
    );
    await child.said("spooled");
    child.process.kill("SIGKILL");
    await child.ended;
    const store = storeIn(folder);
    const { audit } = open(store);
    audit.record(noteRecorded, { data: { note: "new" } });
    await eventually(() => audit.stats().spooled === 0 && audit.stats().queued === 0 && audit.stats().written > 600);
    const notes = store.events.filter((event) => event.action === "note.recorded").map((event) => event.data!.note);
    expect(notes).toEqual([...Array.from({ length: 600 }, (_, i) => `n${i}`), "new"]);
    expect(store.events.filter((event) => event.action === "trail.opened")).toHaveLength(2);
    expect(store.events[0]).toMatchObject({ action: "trail.gap", data: { cause: "unclean_stop", spooled: 601 } });
    expectBalance(audit);
  });

  it("stores an event once despite a kill during replay", async () => {
    const folder = temporaryFolder();
    const down = runChild(
      folder,
      `const store = { ...core.memoryStore(), spoolPath: folder + "/audit.db.spool", append: async () => { throw new Error("down"); } };
       const audit = core.createAuditLog({ store, onNotice: () => {}, onProblem: () => {}, lifecycle: false });
       for (let i = 0; i < 2000; i++) audit.record(core.noteRecorded, { data: { note: "n" + i } });
       while (audit.stats().spooled < 2000) await new Promise((r) => setTimeout(r, 5));
       say("spooled"); setInterval(() => {}, 1000);`,
    );
    await down.said("spooled");
    down.process.kill("SIGKILL");
    await down.ended;
    // This one stores two batches in a file and is killed within the third.
    const half = runChild(
      folder,
      `const { appendFileSync } = await import("node:fs");
       let batches = 0;
       const store = { ...core.memoryStore(), spoolPath: folder + "/audit.db.spool", append: async (batch: readonly any[]) => {
         const notes = batch.filter(({ event }) => event.data.note);
         if (notes.length === 0) return { refused: [] };
         appendFileSync(folder + "/stored.ndjson", notes.map(({ event }) => JSON.stringify({ id: event.id, note: event.data.note }) + "\\n").join(""));
         if (++batches === 3) process.kill(process.pid, "SIGKILL");
         return { refused: [] };
       } };
       core.createAuditLog({ store, onNotice: () => {}, lifecycle: false });
       setInterval(() => {}, 1000);`,
    );
    await half.ended;
    const store = storeIn(folder);
    const already = readFileSync(join(folder, "stored.ndjson"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { id: string; note: string });
    expect(already).toHaveLength(1_536);
    const entries = already.map(({ id, note }) => ({
      event: {
        id,
        time: new Date().toISOString(),
        type: "custom",
        action: "note.recorded",
        severity: "info" as const,
        outcome: "success" as const,
        actor: { kind: "system" as const },
        data: { note },
      },
      definition: noteRecorded,
    }));
    await store.append(entries, { durable: true });
    const { audit } = open(store, { lifecycle: false });
    await eventually(() => store.events.length >= 2_000 && audit.stats().spooled === 0);
    await audit.close();
    expect(store.events.filter((event) => event.action === "note.recorded").map((event) => event.data!.note)).toEqual(
      Array.from({ length: 2_000 }, (_, i) => `n${i}`),
    );
    expect(readdirSync(folder).filter((name) => name.startsWith("audit.db"))).toEqual([]);
  });

  it("records how a process ended without close", async () => {
    const folder = temporaryFolder();
    const child = runChild(
      folder,
      `const { writeFileSync } = await import("node:fs");
       const store = { ...core.memoryStore(), spoolPath: folder + "/audit.db.spool" };
       core.createAuditLog({ store, onNotice: () => {} });
       process.on("exit", () => writeFileSync(folder + "/events.json", JSON.stringify(store.events)));
       setTimeout(() => { throw new Error("boom"); }, 20);`,
    );
    expect((await child.ended).code).toBe(1);
    const events = JSON.parse(readFileSync(join(folder, "events.json"), "utf8")) as AuditEvent[];
    expect(told(events).at(-1)).toEqual({ action: "trail.closed", run: expect.any(String), cause: "exit", exitCode: 1 });
    expect(readdirSync(folder).filter((name) => name.startsWith("audit.db"))).toEqual([]);
  });

  it("records a step of the clock", async () => {
    let offset = 0;
    const store = storeIn(temporaryFolder());
    const { audit } = open(store, { clock: { now: () => Date.now() + offset } });
    audit.record(noteRecorded, { data: { note: "before" } });
    offset = -3_600_000;
    audit.record(noteRecorded, { data: { note: "after" } });
    offset = -3_600_400;
    audit.record(noteRecorded, { data: { note: "slewed" } });
    await audit.close();
    const jumps = store.events.filter((event) => event.action === "clock.jumped");
    expect(jumps.map((event) => event.data)).toEqual([
      { byMs: expect.closeTo(-3_600_000, -3), before: expect.any(String), after: expect.any(String) },
    ]);
    expect(store.events.filter((event) => event.action === "note.recorded").map((event) => event.data?.note)).toEqual([
      "before",
      "after",
      "slewed",
    ]);
    expect(audit.stats().clockSteps).toBe(1);
  });

  it("opens although the store is silent", async () => {
    const folder = temporaryFolder();
    const sink = moodySink({ mood: "hanging" });
    const { audit } = logOver(sink, { spool: { path: join(folder, "s.spool") }, closeDeadlineMs: 100 });
    await eventually(() => audit.stats().spooled === 1);
    expect(statSync(join(folder, readdirSync(folder)[0]!)).size).toBeGreaterThan(200);
    expectBalance(audit);
  });
});

/** Random parts of the run names that gaps mention. */
function* runsOf(store: ReturnType<typeof memoryStore>): Iterable<string> {
  for (const event of store.events) if (event.action === "trail.gap") yield (event.data!.run as string).split("-")[1]!;
}

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  type AuditLog,
  type AuditLogOptions,
  accessChanged,
  anomalyDetected,
  contentIngested,
  defineEvent,
  loginFailed,
  noteRecorded,
  requestStarted,
} from "../src/index.ts";
import { policyLine, trailGap } from "../src/store.ts";
import { temporaryFolder } from "./support/folders.ts";
import { codeOf, eventually, expectBalance, logOver, pause } from "./support/logs.ts";
import { type MoodySink, moodySink } from "./support/moody-sink.ts";

const note = (text: string) => ({ data: { note: text } });
const notesOf = (sink: MoodySink) => sink.events.filter((event) => event.action === "note.recorded").map((event) => event.data?.note);
const many = (from: number, count: number) => Array.from({ length: count }, (_, i) => String(from + i));

interface Spooling {
  readonly sink: MoodySink;
  readonly audit: AuditLog;
  readonly folder: string;
  readonly problems: readonly { readonly code: string }[];
  readonly notices: readonly string[];
}

function spoolingLog(options: Partial<AuditLogOptions> = {}, sink = moodySink()): Spooling {
  const folder = temporaryFolder();
  const notices: string[] = [];
  const { audit, problems } = logOver(sink, {
    spool: { path: join(folder, "audit.db.spool") },
    lifecycle: false,
    onNotice: (notice) => notices.push(notice),
    ...options,
  });
  return { sink, audit, folder, problems, notices };
}

const spoolText = (folder: string) =>
  readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("");

describe("the failure policies of a log", () => {
  it("are data: critical types block, others spool", () => {
    const { audit } = spoolingLog();
    const policies = new Map(audit.policies().map((policy) => [policy.action, policy]));
    expect(
      [accessChanged, anomalyDetected, requestStarted, loginFailed, contentIngested, noteRecorded, trailGap].map(({ action }) =>
        policies.get(action),
      ),
    ).toEqual([
      { type: "admin_action", action: "access.changed", delivery: "durable", onStoreFailure: "block" },
      { type: "suspicious_activity", action: "anomaly.detected", delivery: "durable", onStoreFailure: "block" },
      { type: "endpoint", action: "request.started", delivery: "durable", onStoreFailure: "block" },
      { type: "authentication", action: "login.failed", delivery: "background", onStoreFailure: "spool" },
      { type: "ingestion", action: "content.ingested", delivery: "background", onStoreFailure: "spool" },
      { type: "custom", action: "note.recorded", delivery: "background", onStoreFailure: "spool" },
      { type: "compliance", action: "trail.gap", delivery: "durable", onStoreFailure: "spool" },
    ]);
  });

  it("can be set; the most specific setting wins", () => {
    const lent = defineEvent({ type: "loan", action: "book.lent", onStoreFailure: "block" });
    const returned = defineEvent({ type: "loan", action: "book.returned", delivery: "durable" });
    const { audit } = spoolingLog({
      catalogue: [lent, returned],
      delivery: { ingestion: "durable" },
      onStoreFailure: { admin_action: "spool", "setting.changed": "continue", "book.returned": "continue" },
    });
    const policies = new Map(audit.policies().map(({ action, onStoreFailure }) => [action, onStoreFailure]));
    expect(
      ["access.changed", "setting.changed", "book.lent", "book.returned", "content.ingested"].map((action) => policies.get(action)),
    ).toEqual(["spool", "continue", "block", "continue", "block"]);
  });

  it("are printed in one line at open", async () => {
    const { audit, notices } = spoolingLog({ lifecycle: true });
    expect(notices).toEqual([policyLine(audit.policies())]);
    expect(notices[0]).toMatch(
      /^when the store fails: block admin_action, compliance, .*request\.started, suspicious_activity; spool everything else$/,
    );
    const settings = spoolingLog({ lifecycle: true, onStoreFailure: { error: "continue", "login.failed": "block" } }).notices[0];
    expect(settings).toMatch(/; continue error; spool everything else$/);
    expect(settings).toMatch(/block .*login\.failed/);
  });

  it("name no spool if there is none", () => {
    const { audit } = logOver(moodySink());
    expect(audit.policies().filter((policy) => policy.onStoreFailure === "spool")).toEqual([]);
  });
});

describe("while the store fails", () => {
  it("a blocking event fails at the deadline for good", async () => {
    const { sink, audit, folder } = spoolingLog();
    sink.become("failing");
    expect(await codeOf(audit.record(accessChanged, { data: { granted: ["secret-grant"] } }).stored)).toBe("SINK_TIMEOUT");
    expect(spoolText(folder)).not.toContain("secret-grant");
    sink.become("well");
    await audit.record(noteRecorded, note("after")).stored;
    expect(sink.events.some((event) => event.action === "access.changed")).toBe(false);
    expectBalance(audit);
  });

  it.each(["failing", "hanging"] as const)("other events are spooled at once (%s)", async (mood) => {
    const { sink, audit, folder } = spoolingLog({ onStoreFailure: { admin_action: "spool" } });
    sink.become(mood);
    const begun = performance.now();
    const receipts = [audit.record(noteRecorded, note("background")), audit.record(accessChanged, { data: { granted: ["durable"] } })];
    expect(await Promise.all(receipts.map((receipt) => codeOf(receipt.stored)))).toEqual([undefined, undefined]);
    expect(performance.now() - begun).toBeLessThan(195);
    expect(spoolText(folder)).toMatch(/"background"(.|\n)*"durable"|"durable"(.|\n)*"background"/);
    expect(audit.stats()).toMatchObject({ spooled: 2, queued: 0, written: 0, spool: { events: 2 } });
    expectBalance(audit);
    sink.become("well");
    await eventually(() => audit.stats().written >= 2);
    expect(audit.stats().spooled).toBe(0);
    expectBalance(audit);
  });

  it("drops no event that an open write may still store", async () => {
    const { sink, audit } = spoolingLog({
      spool: { path: join(temporaryFolder(), "audit.spool"), maxBytes: 65_536 },
      queue: { maxEvents: 100 },
      deadlineMs: 60,
    });
    sink.become("hanging");
    const record = (count: number) => {
      for (let i = 0; i < count; i++) audit.record(noteRecorded, note("n".repeat(900)));
    };
    record(100);
    // The open write holds more than the spool takes.
    await eventually(() => audit.stats().queued === 100 && audit.stats().spooled === 0);
    await pause(60);
    record(100);
    await pause(60);
    expectBalance(audit);
    sink.become("well");
    await eventually(() => audit.stats().queued === 0 && audit.stats().spooled === 0);
    const { dropped } = audit.stats();
    expect({ stored: sink.events.filter(({ action }) => action === "note.recorded").length, dropped: dropped.queue_full }).toEqual({
      stored: 200,
      dropped: 0,
    });
    expectBalance(audit);
  });

  it("memory stays bounded", async () => {
    const { sink, audit } = spoolingLog();
    sink.become("failing");
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 100; i++) audit.record(noteRecorded, note(String(round * 100 + i)));
      await pause(2);
      expectBalance(audit);
    }
    await eventually(() => audit.stats().spooled === 4_000);
    sink.become("well");
    await eventually(() => audit.stats().spooled === 0 && audit.stats().queued === 0);
    expect(notesOf(sink)).toEqual(many(0, 4_000));
  });

  it("`continue` ends the wait at the deadline, counted", async () => {
    const { sink, audit } = spoolingLog({ onStoreFailure: { admin_action: "continue" } });
    sink.become("failing");
    const receipt = audit.recordWith(accessChanged, { data: {} }, {});
    expect(receipt.policy).toBe("continue");
    expect(await codeOf(receipt.stored)).toBe("SINK_TIMEOUT");
    expect(audit.stats().dropped.sink_failed).toBe(1);
    sink.become("well");
  });

  it("a full spool keeps important events in memory", async () => {
    const { sink, audit } = spoolingLog({ spool: { path: join(temporaryFolder(), "s"), maxBytes: 65_536 }, queue: { maxEvents: 50 } });
    sink.become("failing");
    audit.record(loginFailed, { reason: "first" });
    await eventually(() => audit.stats().spooled === 1);
    for (let i = 0; i < 1_000; i++) {
      audit.record(noteRecorded, note(String(i)));
      if (i % 20 === 0) await pause(1);
    }
    audit.record(loginFailed, { reason: "last" });
    const { spooled, queued, dropped } = audit.stats();
    expect(spooled).toBeGreaterThan(100);
    expect(queued).toBeLessThanOrEqual(50);
    expect(dropped.queue_full).toBeGreaterThan(100);
    expectBalance(audit);
    sink.become("well");
    await eventually(() => sink.events.some((event) => event.action === "trail.gap"));
    expect(sink.events.filter((event) => event.type === "authentication").map((event) => event.reason)).toEqual(["first", "last"]);
    const notes = notesOf(sink).map(Number);
    expect(notes).toEqual(notes.toSorted((a, b) => a - b));
    const gap = sink.events.find((event) => event.action === "trail.gap")!.data!;
    expect(gap).toMatchObject({
      cause: "store_failed",
      lost: audit.stats().dropped.queue_full,
      byType: { custom: audit.stats().dropped.queue_full },
    });
    expect(notes.length + (gap.lost as number)).toBe(1_000);
    expectBalance(audit);
  });

  it("counts correctly while the spool fails too", async () => {
    const { sink, audit, folder, problems } = spoolingLog({ queue: { maxEvents: 20 } });
    sink.become("failing");
    audit.record(noteRecorded, note("spooled"));
    await eventually(() => audit.stats().spooled === 1);
    rmSync(folder, { recursive: true });
    for (let i = 0; i < 50; i++) audit.record(noteRecorded, note(String(i)));
    await pause(50);
    expectBalance(audit);
    expect(problems.map((problem) => problem.code)).toContain("SPOOL_FAILED");
    // What the spool gave back is over the bound until there is room again.
    const { queued, dropped } = audit.stats();
    expect([queued + dropped.queue_full, queued <= 21]).toEqual([50, true]);
    sink.become("well");
    await eventually(() => audit.stats().queued === 0 && audit.stats().spooled === 0);
    expect(notesOf(sink)[0]).toBe("spooled");
    expect(notesOf(sink).slice(-19)).toEqual(many(31, 19));
  });
});

describe("when the store is back", () => {
  it("spooled events come first, in order, once", async () => {
    const { sink, audit } = spoolingLog({ onStoreFailure: { admin_action: "spool" } });
    sink.become("failing");
    for (let i = 0; i < 30; i++) audit.record(noteRecorded, note(String(i)));
    for (let i = 0; i < 5; i++) audit.record(accessChanged, { reason: `n${i}`, data: {} });
    await eventually(() => audit.stats().spooled === 35);
    sink.become("well");
    for (let i = 30; i < 60; i++) {
      audit.record(noteRecorded, note(String(i)));
      await pause(1);
    }
    for (let i = 5; i < 10; i++) audit.record(accessChanged, { reason: `n${i}`, data: {} });
    await audit.flush();
    await eventually(() => audit.stats().spooled === 0 && audit.stats().queued === 0);
    expect(notesOf(sink)).toEqual(many(0, 60));
    expect(sink.events.filter((event) => event.type === "admin_action").map((event) => event.reason)).toEqual(
      Array.from({ length: 10 }, (_, i) => `n${i}`),
    );
    expectBalance(audit);
  });

  it("a spooled batch of a silent write is stored once", async () => {
    const { sink, audit } = spoolingLog();
    sink.become("hanging");
    for (let i = 0; i < 10; i++) audit.record(noteRecorded, note(String(i)));
    await eventually(() => audit.stats().spooled === 10);
    sink.become("well");
    await eventually(() => audit.stats().spooled === 0 && audit.stats().written >= 10);
    expect(notesOf(sink)).toEqual(many(0, 10));
    expectBalance(audit);
  });

  it("one record describes the whole failure", async () => {
    const { sink, audit } = spoolingLog();
    const begun = Date.now();
    sink.become("failing");
    for (let i = 0; i < 7; i++) audit.record(noteRecorded, note(String(i)));
    await eventually(() => audit.stats().spooled === 7);
    const ended = Date.now();
    sink.become("well");
    await eventually(() => sink.events.some((event) => event.action === "trail.gap"));
    const gaps = sink.events.filter((event) => event.action === "trail.gap").map((event) => event.data!);
    expect(gaps).toEqual([{ cause: "store_failed", start: expect.any(String), end: expect.any(String), lost: 0, spooled: 7 }]);
    expect(Date.parse(gaps[0]!.start as string)).toBeGreaterThanOrEqual(begun);
    expect(Date.parse(gaps[0]!.start as string)).toBeLessThan(begun + 150);
    expect(Date.parse(gaps[0]!.end as string)).toBeGreaterThanOrEqual(ended);
  });

  it("damaged spool lines are counted and recorded", async () => {
    const { sink, audit, folder, problems } = spoolingLog();
    sink.become("failing");
    for (let i = 0; i < 5; i++) audit.record(noteRecorded, note(`note-${i}`));
    await eventually(() => audit.stats().spooled === 5);
    const path = join(folder, readdirSync(folder)[0]!);
    writeFileSync(path, readFileSync(path, "utf8").replace("note-3", "note-X"));
    const tried = sink.batches.length;
    await eventually(() => sink.batches.length > tried + 1);
    sink.become("well");
    await eventually(() => sink.events.some((event) => event.action === "trail.gap"));
    expect(notesOf(sink)).toEqual(["note-0", "note-1", "note-2", "note-4"]);
    expect(sink.events.find((event) => event.action === "trail.gap")!.data).toMatchObject({ lost: 1 });
    expect(audit.stats().dropped.spool_lost).toBe(1);
    expect(problems.map((problem) => problem.code)).toContain("SPOOL_DAMAGED");
    expect(readdirSync(folder).some((name) => name.endsWith(".damaged"))).toBe(true);
    expectBalance(audit);
  });

  it("an event refused during replay is counted", async () => {
    const { sink, audit } = spoolingLog();
    sink.become("failing");
    sink.refuse = (event) => event.data?.note === "bad";
    for (const text of ["good", "bad", "fine"]) audit.record(noteRecorded, note(text));
    await eventually(() => audit.stats().spooled === 3);
    sink.become("well");
    await eventually(() => audit.stats().spooled === 0);
    expect(audit.stats().dropped.refused).toBe(1);
    expect(notesOf(sink)).toEqual(["good", "fine"]);
    expectBalance(audit);
  });

  it("an event another sink has reaches the store late", async () => {
    const store = moodySink({ name: "store" });
    const second = moodySink({ name: "second" });
    const { audit } = spoolingLog(
      {
        sinks: [
          { sink: store, required: true },
          { sink: second, required: true },
        ],
      },
      store,
    );
    store.become("hanging");
    expect(await codeOf(audit.record(accessChanged, { data: {} }).stored)).toBeUndefined();
    await pause(150);
    store.become("well");
    await eventually(() => store.events.some((event) => event.action === "access.changed"));
    expectBalance(audit);
  });
});

describe("closing while the store fails", () => {
  it("leaves queued events in the spool", async () => {
    const { sink, audit, folder } = spoolingLog({ closeDeadlineMs: 100 });
    sink.become("hanging");
    for (let i = 0; i < 3; i++) audit.record(noteRecorded, note(String(i)));
    expect(await audit.close()).toEqual({ lost: 0 });
    expect(readdirSync(folder)).toHaveLength(1);
    const later = moodySink();
    const next = logOver(later, { spool: { path: join(folder, "audit.db.spool") }, lifecycle: false });
    await eventually(() => next.audit.stats().written === 3);
    expect(notesOf(later)).toEqual(many(0, 3));
    expectBalance(next.audit);
    await next.audit.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("leaves a record of its losses", async () => {
    const { sink, audit, folder } = spoolingLog({ closeDeadlineMs: 50, deadlineMs: 10_000 });
    sink.become("failing");
    audit.record(accessChanged, { data: {} });
    expect(await audit.close()).toEqual({ lost: 1 });
    const later = moodySink();
    const next = logOver(later, { spool: { path: join(folder, "audit.db.spool") }, lifecycle: false });
    await eventually(() => next.audit.stats().written >= 1);
    expect(later.events.map((event) => event.data)).toEqual([
      { cause: "closed", start: expect.any(String), end: expect.any(String), lost: 1, spooled: 0, byType: { admin_action: 1 } },
    ]);
  });
});

describe("breaking the glass", () => {
  afterEach(() => {
    delete process.env.DAYBOOK_BREAK_GLASS;
  });

  it("lets no event block and is recorded", async () => {
    const { sink, audit } = spoolingLog();
    sink.become("failing");
    const restore = audit.breakGlass({ reason: "ward 3 must go on" });
    expect(await codeOf(audit.record(accessChanged, { data: { granted: ["in emergency"] } }).stored)).toBeUndefined();
    restore();
    expect(await codeOf(audit.record(accessChanged, { data: {} }).stored)).toBe("SINK_TIMEOUT");
    sink.become("well");
    await eventually(() => audit.stats().spooled === 0 && audit.stats().queued === 0);
    const admin = sink.events.filter((event) => event.type === "admin_action");
    expect(admin.map(({ action, severity, data }) => ({ action, severity, data }))).toEqual([
      { action: "break_glass.opened", severity: "critical", data: { reason: "ward 3 must go on" } },
      { action: "access.changed", severity: "warning", data: { granted: ["in emergency"] } },
      { action: "break_glass.closed", severity: "warning", data: { reason: "ward 3 must go on" } },
    ]);
  });

  it("can be done from the environment before the process starts", async () => {
    process.env.DAYBOOK_BREAK_GLASS = "the disk array is gone";
    const { sink, audit } = spoolingLog({}, moodySink({ mood: "failing" }));
    expect(await codeOf(audit.record(accessChanged, { data: {} }).stored)).toBeUndefined();
    sink.become("well");
    await eventually(() => sink.events.some((event) => event.action === "break_glass.opened"));
  });
});

describe("forgetting a person", () => {
  it("reaches the spool", async () => {
    const { sink, audit, folder } = spoolingLog();
    sink.become("failing");
    audit.record(noteRecorded, { ...note("about her"), actor: { kind: "user", id: "ada-lovelace" } });
    await eventually(() => audit.stats().spooled === 1);
    expect(await audit.forgetSpooled(["ada-lovelace"])).toBe(1);
    expect(spoolText(folder)).not.toMatch(/ada-lovelace|about her/);
    sink.become("well");
    await eventually(() => audit.stats().spooled === 0);
    expect(sink.events[0]).toMatchObject({ action: "note.recorded", actor: { kind: "user" } });
  });
});

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  anomalyDetected,
  answerGenerated,
  contentIngested,
  createAuditLog,
  defineEvent,
  memoryStore,
  noteRecorded,
  queryReceived,
  trailRead,
} from "@daybook/core";
import { type AuditSink, appendEntries, DROP_REASONS } from "@daybook/core/store";
import { openSqliteStore } from "@daybook/store-sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { createMetrics, fileHealth, type HealthSource, REJECTION_REASONS } from "../src/index.ts";
import { moody } from "./support/moody-store.ts";
import { folderForTest, until } from "./support/programs.ts";
import { nonZero, scrape, total } from "./support/scrape.ts";

const bookRead = defineEvent({ type: "reading", action: "book.read" });

describe("the audit pipeline", () => {
  it("starts with every type, reason and sink at 0", async () => {
    const metrics = createMetrics({ processMetrics: false });
    const audit = createAuditLog({ store: memoryStore(), catalogue: [bookRead], signals: false });
    onTestFinished(async () => void (await audit.close()));
    metrics.watch(audit);
    const all = await scrape(metrics);
    for (const type of ["reading", "endpoint", "access_control", "authentication", "compliance"]) {
      expect(all.get(`daybook_audit_events_accepted_total{type="${type}"}`)).toBe(0);
      expect(all.get(`daybook_audit_events_written_total{type="${type}"}`)).toBe(0);
    }
    for (const reason of DROP_REASONS) expect(all.get(`daybook_audit_events_dropped_total{reason="${reason}"}`)).toBe(0);
    expect(all.get('daybook_audit_write_failures_total{sink="memory"}')).toBe(0);
    expect(total(all, "daybook_audit_queue_capacity")).toBe(10_000);
  });

  it("counts accepted and written events by type", async () => {
    const metrics = createMetrics({ processMetrics: false });
    const audit = createAuditLog({ store: memoryStore(), catalogue: [bookRead], signals: false, onProblem: () => undefined });
    onTestFinished(async () => void (await audit.close()));
    metrics.watch(audit);
    for (let i = 0; i < 5; i++) audit.record(bookRead);
    audit.record(noteRecorded, { data: { note: "n" } });
    audit.record(defineEvent({ type: "stray", action: "never.listed" }) as never);
    await audit.flush();
    const all = await scrape(metrics);
    expect(nonZero(all, "daybook_audit_events_accepted_total")).toEqual({
      '{type="reading"}': 5,
      '{type="custom"}': 1,
      // In no catalogue: the type of the caller is not used.
      '{type="(unknown)"}': 1,
    });
    expect(nonZero(all, "daybook_audit_events_written_total")).toMatchObject({ '{type="reading"}': 5, '{type="custom"}': 1 });
    expect(nonZero(all, "daybook_audit_events_dropped_total")).toEqual({ '{reason="quarantined"}': 1 });
    expect(total(all, "daybook_audit_flush_seconds_total")).toBeGreaterThan(0);
  });

  it("refuses to watch a second log", () => {
    const metrics = createMetrics({ processMetrics: false });
    const audit = createAuditLog({ store: memoryStore(), signals: false });
    metrics.watch(audit);
    expect(() => metrics.watch(audit)).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });

  it("adds up at every scrape despite store faults", async () => {
    const store = await openSqliteStore({ path: join(folderForTest(), "audit.db"), worker: false });
    let mode: "well" | "fails" | "hangs" | "refuses" = "well";
    let calls = 0;
    const moody: AuditSink = {
      name: "moody",
      supports: store.supports,
      async append(batch, options) {
        calls++;
        if (mode === "fails" && calls % 3 !== 0) throw new Error("disk I/O error");
        if (mode === "hangs") await new Promise((resolve) => setTimeout(resolve, 30));
        const { refused } = await appendEntries(store, mode === "refuses" ? batch.slice(1) : batch, options);
        return {
          refused: mode === "refuses" ? [...refused, { id: batch[0]!.event.id, code: "NO", hint: "not today" }] : refused,
          ...options,
        };
      },
      close: () => store.close(),
    };
    const audit = createAuditLog({
      sinks: [{ sink: moody, required: true }],
      catalogue: [bookRead],
      queue: { maxEvents: 300 },
      deadlineMs: 100,
      signals: false,
      onProblem: () => undefined,
    });
    const metrics = createMetrics({ processMetrics: false });
    metrics.watch(audit);
    let scrapes = 0;
    let loading = true;
    const load = (async () => {
      for (let round = 0; loading; round++) {
        mode = (["well", "fails", "hangs", "refuses"] as const)[Math.floor(round / 25) % 4]!;
        for (let i = 0; i < 40; i++) audit.record(bookRead, i % 10 === 0 ? { severity: "critical" } : {});
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    const seen = { queued: 0, dropped: 0 };
    // Until everything that can happen to an event has happened often enough, however slow the machine is.
    const enough = () => scrapes > 50 && seen.queued > 100 && seen.dropped > 100 && audit.meters()[0]!.failedWrites > 3;
    const end = performance.now() + 25_000;
    while (!enough() && performance.now() < end) {
      const all = await scrape(metrics);
      const accepted = total(all, "daybook_audit_events_accepted_total");
      const written = total(all, "daybook_audit_events_written_total");
      const spooled = total(all, "daybook_audit_spool_events");
      const queued = total(all, "daybook_audit_queue_depth");
      const dropped = total(all, "daybook_audit_events_dropped_total");
      expect({ scrapes, sum: written + spooled + queued + dropped }).toEqual({ scrapes, sum: accepted });
      expect(total(all, "daybook_sink_events_accepted_total")).toBe(accepted);
      seen.queued = Math.max(seen.queued, queued);
      seen.dropped = dropped;
      scrapes++;
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    loading = false;
    await load;
    mode = "well";
    await audit.close();
    const last = await scrape(metrics);
    expect(enough(), JSON.stringify({ scrapes, ...seen })).toBe(true);
    expect(last.get('daybook_audit_write_failures_total{sink="moody"}')).toBeGreaterThan(3);
    expect(total(last, "daybook_audit_queue_depth")).toBe(0);
    expect(total(last, "daybook_audit_events_accepted_total")).toBe(
      total(last, "daybook_audit_events_written_total") +
        total(last, "daybook_audit_events_dropped_total") +
        total(last, "daybook_audit_spool_events"),
    );
  }, 60_000);

  it("adds up while events are spooled and replayed", async () => {
    const trail = moody(await openSqliteStore({ path: join(folderForTest(), "audit.db"), worker: false, onNotice: () => undefined }));
    const audit = createAuditLog({
      store: trail.store,
      catalogue: [bookRead],
      deadlineMs: 200,
      signals: false,
      onProblem: () => undefined,
    });
    onTestFinished(async () => void (await audit.close()));
    const metrics = createMetrics({ processMetrics: false });
    metrics.watch(audit);
    const most = { spooled: 0, bytes: 0 };
    const look = async () => {
      const all = await scrape(metrics);
      const sum = ["audit_events_written_total", "audit_spool_events", "audit_queue_depth", "audit_events_dropped_total"]
        .map((name) => total(all, `daybook_${name}`))
        .reduce((a, b) => a + b);
      expect(sum).toBe(total(all, "daybook_audit_events_accepted_total"));
      most.spooled = Math.max(most.spooled, total(all, "daybook_audit_spool_events"));
      most.bytes = Math.max(most.bytes, total(all, "daybook_audit_spool_bytes"));
      return all;
    };
    for (let round = 0; round < 60; round++) {
      trail.mode = round >= 10 && round < 40 ? "fails" : "well";
      for (let i = 0; i < 20; i++) audit.record(bookRead);
      await new Promise((resolve) => setTimeout(resolve, 10));
      await look();
    }
    await until(async () => total(await look(), "daybook_audit_spool_events") === 0, "the spool is written to the store");
    expect(most.spooled).toBeGreaterThan(100);
    expect(most.bytes).toBeGreaterThan(10_000);
    const all = await scrape(metrics);
    expect(total(all, "daybook_audit_spool_bytes")).toBe(0);
    expect(all.get('daybook_audit_events_accepted_total{type="reading"}')).toBe(1_200);
    await audit.flush();
    expect((await look()).get('daybook_audit_events_written_total{type="reading"}')).toBe(1_200);
  });
});

describe("the health of the trail", () => {
  const NOW = 1_800_000_000_000;
  const full: HealthSource = () => ({
    store: { rows: 10, bytes: 2_048, walBytes: 512, freeBytes: 1e9, capacityBytes: 4e9, lockWaitMs: 1_500, keysBesideData: true },
    checkpoint: { at: NOW, tookMs: 20 },
    verification: { ok: false, lastSuccessAt: NOW - 1_000 },
    retention: { lastSuccessAt: NOW, types: { query: { oldestAgeMs: 5_000, limitMs: 9_000 } } },
    erasures: { pending: 2, oldestPendingAt: NOW },
    requests: { overdue: 1, dueIn7Days: 2, dueIn30Days: 3, later: 4, nextDueAt: NOW },
    holds: 1,
    review: { lastCompletedAt: NOW },
    restoreDrill: { lastAt: NOW },
    consents: { personal_diary: { given: 3, asked: 9 } },
    journal: {
      noConsent: { personal_diary: 7 },
      rejected: { no_consent_at_write: 1, late_event: 0, wrong_version: 0, withdrawn_in_flight: 2 },
    },
    verdicts: { enumeration: { right: 3, wrong: 1 } },
  });

  it("has no series for values without a source", async () => {
    const metrics = createMetrics({ processMetrics: false });
    const told = [...(await scrape(metrics)).keys()].filter((series) =>
      /store_|integrity|erasure|dsar|retention|review|consent|holds|keys/.test(series),
    );
    expect(told).toEqual([]);
  });

  it("is NaN for times that never happened", async () => {
    const metrics = createMetrics({ processMetrics: false });
    metrics.watchHealth(() => ({
      verification: { ok: null, lastSuccessAt: null },
      erasures: { pending: 0, oldestPendingAt: null },
      review: { lastCompletedAt: null },
    }));
    const all = await scrape(metrics);
    const values = [
      "daybook_integrity_last_result",
      "daybook_integrity_last_success_timestamp_seconds",
      "daybook_erasure_pending_oldest_timestamp_seconds",
      "daybook_review_last_completed_timestamp_seconds",
    ].map((name) => all.get(name));
    expect(values).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
    expect(all.get("daybook_erasure_pending")).toBe(0);
  });

  it("is in seconds and bytes, with labels", async () => {
    const metrics = createMetrics({ processMetrics: false });
    metrics.watchHealth(full);
    const all = await scrape(metrics);
    expect(all.get("daybook_store_lock_wait_seconds_total")).toBe(1.5);
    expect(all.get("daybook_integrity_last_result")).toBe(0);
    expect(all.get("daybook_integrity_last_success_timestamp_seconds")).toBe(1_799_999_999);
    expect(all.get('daybook_retention_oldest_event_age_seconds{type="query"}')).toBe(5);
    expect(all.get('daybook_retention_limit_seconds{type="query"}')).toBe(9);
    expect(["overdue", "7d", "30d", "later"].map((due) => all.get(`daybook_dsar_open{due="${due}"}`))).toEqual([1, 2, 3, 4]);
    expect(all.get("daybook_keys_beside_data")).toBe(1);
    expect(REJECTION_REASONS.map((reason) => all.get(`daybook_activity_rejected_total{reason="${reason}"}`))).toEqual([1, 0, 0, 2]);
    expect(all.get('daybook_detector_verdicts_total{rule="enumeration",verdict="right"}')).toBe(3);
  });

  it("is merged from several sources", async () => {
    const metrics = createMetrics({ processMetrics: false });
    metrics.watchHealth(full);
    metrics.watchHealth(async () => ({ store: { rows: 11 } }));
    const all = await scrape(metrics);
    expect([all.get("daybook_store_rows"), all.get("daybook_store_bytes")]).toEqual([11, 2_048]);
  });

  it("keeps the last values if a source fails", async () => {
    const metrics = createMetrics({ processMetrics: false, healthTimeoutMs: 50 });
    let mode: "well" | "fails" | "hangs" = "well";
    metrics.watchHealth(() => {
      if (mode === "fails") throw new Error("locked");
      return mode === "hangs" ? new Promise(() => undefined) : { store: { rows: 5 } };
    });
    await scrape(metrics);
    mode = "fails";
    expect((await scrape(metrics)).get("daybook_store_rows")).toBe(5);
    mode = "hangs";
    expect((await scrape(metrics)).get("daybook_store_rows")).toBe(5);
    expect((await scrape(metrics)).get("daybook_health_failures_total")).toBeGreaterThanOrEqual(2);
  });

  it("is read once per scrape", async () => {
    const metrics = createMetrics({ processMetrics: false });
    let asked = 0;
    metrics.watchHealth(() => {
      asked++;
      return full();
    });
    await scrape(metrics);
    await scrape(metrics);
    expect(asked).toBe(2);
  });

  it("of a file is its size and room left", async () => {
    const path = join(folderForTest(), "audit.db");
    writeFileSync(path, "x".repeat(300));
    writeFileSync(`${path}-wal`, "x".repeat(40));
    const { store } = await fileHealth(path, { maxBytes: 1_000 })();
    expect(store).toEqual({ bytes: 300, walBytes: 40, freeBytes: 700, capacityBytes: 1_000 });
    rmSync(`${path}-wal`);
    expect((await fileHealth(path)()).store).toMatchObject({ bytes: 300, walBytes: 0 });
    expect((await fileHealth(path)()).store!.freeBytes).toBeGreaterThan(1_000);
  });
});

describe("the sink that counts events", () => {
  it("counts ingestion, queries, tokens, findings and reads", async () => {
    const metrics = createMetrics({ processMetrics: false });
    const audit = createAuditLog({ store: memoryStore(), sinks: [metrics.events()], signals: false });
    onTestFinished(async () => void (await audit.close()));
    audit.record(contentIngested, { data: { source: "shelf", status: "added", count: 12, bytes: 4_000 } });
    audit.record(contentIngested, { outcome: "failure", data: { source: "shelf", status: "refused" } });
    audit.record(queryReceived, { data: { length: 9, strategy: "bm25", durationMs: 40 } });
    audit.record(answerGenerated, { data: { model: "m", tokensIn: 900, tokensOut: 80 } });
    audit.record(anomalyDetected, { data: { detector: "enumeration" } });
    audit.record(trailRead, { data: { verb: "report" } });
    await audit.flush();
    const first = await scrape(metrics);
    expect(nonZero(first, "daybook_ingested_items_total")).toEqual({ '{outcome="success"}': 1, '{outcome="failure"}': 1 });
    expect([first.get("daybook_ingested_chunks_total"), first.get("daybook_ingested_bytes_total")]).toEqual([12, 4_000]);
    expect(first.get('daybook_query_duration_seconds_sum{strategy="bm25"}')).toBe(0.04);
    expect(nonZero(first, "daybook_generation_tokens_total")).toEqual({ '{direction="in"}': 900, '{direction="out"}': 80 });
    expect(first.get("daybook_audit_reads_total")).toBe(1);
    // A rule that was never seen before is shown at 0 first, or its first finding would be no increase.
    const finding = 'daybook_detector_findings_total{rule="enumeration",severity="critical"}';
    expect(first.get(finding)).toBe(0);
    expect((await scrape(metrics)).get(finding)).toBe(1);
  });

  it("does not count events twice", async () => {
    const metrics = createMetrics({ processMetrics: false });
    const audit = createAuditLog({ store: memoryStore(), sinks: [metrics.events()], signals: false });
    onTestFinished(async () => void (await audit.close()));
    for (let i = 0; i < 3; i++) audit.record(noteRecorded, { data: { note: "n" } });
    await audit.flush();
    expect(audit.stats().sinks.metrics).toMatchObject({ accepted: 0 });
    await until(() => audit.stats().written === 3, "the notes are stored");
  });
});

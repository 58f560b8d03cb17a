import type { AuditEvent, GivenSink } from "@daybook/core";
import type { AuditSink } from "@daybook/core/store";
import { type DomainOptions, domainCounter, domainHistogram } from "./domain-instruments.ts";
import { bytesIngested, chunksIngested, itemsIngested, queryDuration } from "./known-instruments.ts";

/** Types of events that are counted beyond what the trail counts of every event. */
const TYPES = ["ingestion", "query", "generation", "suspicious_activity", "compliance"];

/** What happened to the trail itself, as far as this process recorded it. */
export interface TrailEvents {
  reads: number;
  clockJumps: number;
}

/** An optional sink that counts what events say: throughput, latency of queries, tokens, findings, reads of the trail. */
export function eventInstruments(options: DomainOptions, trail: TrailEvents): GivenSink {
  const items = domainCounter(itemsIngested, options);
  const chunks = domainCounter(chunksIngested, options);
  const bytes = domainCounter(bytesIngested, options);
  const queries = domainHistogram(queryDuration, options);
  const tokens = domainCounter(
    { name: "daybook_generation_tokens_total", help: "Tokens models read and wrote.", labels: { direction: ["in", "out"] } },
    options,
  );
  const findings = domainCounter(
    {
      name: "daybook_detector_findings_total",
      help: "Findings of anomaly detectors, by rule and severity.",
      labels: { rule: { max: 50 }, severity: ["info", "warning", "high", "error", "critical"] },
    },
    options,
  );

  function count({ type, action, outcome, severity, data = {} }: AuditEvent): void {
    switch (type) {
      case "ingestion":
        items.inc(1, { outcome });
        chunks.inc(amount(data.count));
        bytes.inc(amount(data.bytes));
        return;
      case "query":
        if (typeof data.durationMs === "number")
          queries.observe(amount(data.durationMs) / 1_000, { strategy: String(data.strategy ?? "default") });
        return;
      case "generation":
        tokens.inc(amount(data.tokensIn), { direction: "in" });
        tokens.inc(amount(data.tokensOut), { direction: "out" });
        return;
      case "suspicious_activity":
        findings.inc(1, { rule: String(data.detector ?? data.rule ?? action), severity: String(data.level ?? severity) });
        return;
      case "compliance":
        if (action === "trail.read") trail.reads++;
        if (action === "clock.jumped") trail.clockJumps++;
    }
  }

  const sink: AuditSink = {
    name: "metrics",
    supports: { erasure: "none", durable: false, idempotent: false },
    async append(batch) {
      for (const { event } of batch) count(event);
      return { refused: [] };
    },
    async close() {},
  };
  return { sink, types: TYPES };
}

const amount = (value: unknown) => (typeof value === "number" && value > 0 && Number.isFinite(value) ? value : 0);

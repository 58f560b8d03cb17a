import type { AuditLog, AuditLogStats } from "@daybook/core";
import { type DeliveryMeter, DROP_REASONS } from "@daybook/core/store";
import { Counter, Gauge, type Registry, type RegistryContentType } from "prom-client";

/** The part of an audit log that is read at every scrape. */
export type Pipeline = Pick<AuditLog, "stats" | "meters" | "catalogue">;

/** Type of events that were in no catalogue, or were read back from the spool of an earlier run. */
const UNKNOWN_TYPE = "(unknown)";

/**
 * What the trail took in and where it is, read in one moment when Prometheus asks, so that at every scrape
 * accepted = written + spooled + queued + dropped, each summed over its labels.
 */
export function pipelineInstruments(registry: Registry<RegistryContentType>, audit: Pipeline): void {
  const registers = [registry as Registry];
  const counter = <L extends string = never>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = <L extends string = never>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge({ name, help, labelNames, registers });

  const accepted = new Counter({
    name: "daybook_audit_events_accepted_total",
    help: "Events the trail accepted, by type.",
    labelNames: ["type"],
    registers,
    // The registry asks its metrics in the order they were made and in one turn: this one reads for all below.
    collect: () => read(),
  });
  const written = counter("daybook_audit_events_written_total", "Events the first required sink has stored, by type.", "type");
  const dropped = counter("daybook_audit_events_dropped_total", "Events that will never be stored, by reason.", "reason");
  const queueDepth = gauge("daybook_audit_queue_depth", "Events that wait in memory for the first required sink.");
  const queueCapacity = gauge("daybook_audit_queue_capacity", "Events of one delivery class that may wait.");
  const spoolEvents = gauge("daybook_audit_spool_events", "Events that wait on disk for the first required sink.");
  const spoolBytes = gauge("daybook_audit_spool_bytes", "Size of the spool file while events wait in it.");
  const spoolCapacity = gauge("daybook_audit_spool_capacity_bytes", "What the spool file may grow to.");
  const writeFailures = counter("daybook_audit_write_failures_total", "Writes a sink rejected, by sink.", "sink");
  const flushes = counter("daybook_audit_flushes_total", "Batches a sink has stored, by sink.", "sink");
  const flushSeconds = counter("daybook_audit_flush_seconds_total", "Time sinks took to store batches, by sink.", "sink");
  const sinkAccepted = counter("daybook_sink_events_accepted_total", "Events given to a sink, by sink.", "sink");
  const sinkWritten = counter("daybook_sink_events_written_total", "Events a sink has stored, by sink.", "sink");
  const sinkDropped = counter("daybook_sink_events_dropped_total", "Events a sink will never store, by sink and reason.", "sink", "reason");
  const sinkQueue = gauge("daybook_sink_queue_depth", "Events that wait in memory for a sink, by sink.", "sink");
  const masked = counter("daybook_audit_masked_total", "Secrets masked in free text.");
  const late = counter("daybook_audit_late_durable_total", "Durable events made when their answer had already left.");

  function read(): void {
    const stats = audit.stats();
    const meters = audit.meters();
    readTrail(stats, meters.find((meter) => meter.required)!);
    for (const each of [writeFailures, flushes, flushSeconds, sinkAccepted, sinkWritten, sinkDropped]) each.reset();
    for (const { sink, failedWrites, flushes: batches, flushMs } of meters) {
      writeFailures.inc({ sink }, failedWrites);
      flushes.inc({ sink }, batches);
      flushSeconds.inc({ sink }, flushMs / 1_000);
    }
    for (const [sink, counters] of Object.entries(stats.sinks)) {
      sinkAccepted.inc({ sink }, counters.accepted);
      sinkWritten.inc({ sink }, counters.written);
      sinkQueue.set({ sink }, counters.queued);
      for (const reason of DROP_REASONS) sinkDropped.inc({ sink, reason }, counters.dropped[reason]);
    }
    setTo(masked, stats.masked);
    setTo(late, stats.lateDurable);
  }

  function readTrail(stats: AuditLogStats, meter: DeliveryMeter): void {
    for (const [metric, of] of [
      [accepted, "accepted"],
      [written, "written"],
    ] as const) {
      metric.reset();
      let unnamed = stats[of];
      for (const type of new Set([...audit.catalogue.all().map((definition) => definition.type), ...meter.types.keys()])) {
        const count = meter.types.get(type)?.[of] ?? 0;
        metric.inc({ type }, count);
        unnamed -= count;
      }
      metric.inc({ type: UNKNOWN_TYPE }, unnamed);
    }
    dropped.reset();
    for (const reason of DROP_REASONS) dropped.inc({ reason }, stats.dropped[reason]);
    queueDepth.set(stats.queued);
    queueCapacity.set(meter.capacity);
    spoolEvents.set(stats.spooled);
    // An empty spool is a file with a header.
    spoolBytes.set(stats.spooled > 0 ? (stats.spool?.bytes ?? 0) : 0);
    spoolCapacity.set(stats.spool?.maxBytes ?? 0);
  }
}

function setTo(counter: Counter, value: number): void {
  counter.reset();
  counter.inc(value);
}

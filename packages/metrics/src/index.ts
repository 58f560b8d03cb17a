export { type AlertHandlerOptions, alertHandler, fastifyAlertHandler } from "./alerts/alert-handler.ts";
export { ALERT_EVENTS, alertFired, alertRecorder, alertResolved } from "./alerts/alert-records.ts";
export { type FileHealthOptions, fileHealth } from "./health/file-health.ts";
export { type JournalLike, journalHealth } from "./health/journal-health.ts";
export { type StoreHealthOptions, storeHealth } from "./health/store-health.ts";
export { type HealthSource, type Moment, REJECTION_REASONS, type RejectionReason, type TrailHealth } from "./health/trail-health.ts";
export type {
  DomainCounter,
  DomainGauge,
  DomainHistogram,
  GaugeReader,
  HistogramInstrument,
  Instrument,
} from "./instruments/domain-instruments.ts";
export {
  bytesIngested,
  chunksIngested,
  collectionBytes,
  collectionChunks,
  itemsIngested,
  queryDuration,
} from "./instruments/known-instruments.ts";
export type { LabelDeclaration, LabelsOf, LabelValues } from "./instruments/label-values.ts";
export type { Pipeline } from "./instruments/pipeline-instruments.ts";
export type { TopList, TopListOptions } from "./instruments/top-list.ts";
export { createMetrics, Metrics, type MetricsOptions } from "./metrics.ts";
export { fastifyMetricsHandler, metricsHandler } from "./serving/metrics-handler.ts";
export { type MetricsServer, type ServeMetricsOptions, serveMetrics } from "./serving/serve-metrics.ts";

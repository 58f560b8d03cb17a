export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);

/**
 * Reads a `traceparent` header (W3C Trace Context, section 3.2).
 * @returns undefined for a malformed header, an all-zero id, version ff, or a version 00 with more than four fields
 */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  if (header === undefined || header.length < 55 || header.length > 512) return undefined;
  const found = TRACEPARENT.exec(header);
  if (!found) return undefined;
  const [, version, traceId, spanId, more] = found as unknown as [string, string, string, string, string | undefined];
  if (version === "ff" || (version === "00" && more !== undefined) || traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  return { traceId, spanId };
}

interface SpanLike {
  spanContext(): TraceContext;
}
interface RegisteredApi {
  context?: { active(): { getValue(key: symbol): unknown } };
}

// `@opentelemetry/api` 1.x registers itself under the first symbol so that all copies of it in a process agree, and keeps the
// active span in the context under the second. Reading both needs no import, so a bundled copy works too.
const API = Symbol.for("opentelemetry.js.api.1");
const SPAN = Symbol.for("OpenTelemetry Context Key SPAN");

/** The active OpenTelemetry span, if the application uses OpenTelemetry and a span is active. */
export function activeSpan(): TraceContext | undefined {
  const api = (globalThis as { [API]?: RegisteredApi })[API];
  if (api === undefined) return undefined;
  const span = api.context?.active().getValue(SPAN) as SpanLike | undefined;
  const context = span?.spanContext();
  if (context === undefined || context.traceId === NO_TRACE || context.spanId === NO_SPAN) return undefined;
  return { traceId: context.traceId, spanId: context.spanId };
}

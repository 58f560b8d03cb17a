import type { SpanRunner } from "@daybook/testkit";
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { TracerProvider } from "@opentelemetry/sdk-trace";

/** OpenTelemetry as an application sets it up, and a span around a request as its instrumentation of HTTP makes one. */
export function openTelemetry(): SpanRunner {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new TracerProvider());
  const tracer = trace.getTracer("daybook-tests");
  return {
    inSpan: (work) =>
      tracer.startActiveSpan("GET /books", (span) => {
        work();
        span.end();
        return span.spanContext();
      }),
  };
}

export { type OtlpSinkOptions, otlpSink } from "./otlp-sink.ts";

import { answerGenerated, documentsRetrieved, permissionDenied } from "@daybook/core";
import type { SinkEntry } from "@daybook/core/store";
import { type Logger, ROOT_CONTEXT, TraceFlags, trace } from "@opentelemetry/api";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { describe, expect, it } from "vitest";
import { otlpSink } from "../src/index.ts";
import { bookUploaded, entry, undeclared } from "./support/audit-events.ts";
import { strictReceiver } from "./support/strict-receiver.ts";

const TRACE = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

type Attributes = NonNullable<Parameters<Logger["emit"]>[0]["attributes"]>;

/** An event, and the record that a developer would write for it with the SDK. */
interface Pair {
  readonly entry: SinkEntry;
  readonly severityNumber: number;
  readonly body: string;
  readonly attributes: Attributes;
}

const pairs: Pair[] = [
  {
    entry: entry(
      {
        severity: "warning",
        outcome: "denied",
        actor: { kind: "user", id: "sabo", ip: "203.0.113.0", userAgent: "Firefox 140", sessionId: "s-1", about: { role: "reader" } },
        request: { ...TRACE, id: "req-1", method: "DELETE", route: "/admin/books/:id", status: 403, durationMs: 12 },
        resource: { type: "book", id: "b-7" },
        reason: "not_owner",
        tenant: "north",
        data: { policy: "owners", permissionsHeld: ["read"], permissionsRequired: ["delete"] },
      },
      permissionDenied,
    ),
    severityNumber: 13,
    body: "permission.denied denied DELETE /admin/books/:id 403",
    attributes: {
      "daybook.event.type": "access_control",
      "daybook.event.outcome": "denied",
      "daybook.actor.kind": "user",
      "http.request.method": "DELETE",
      "http.route": "/admin/books/:id",
      "http.response.status_code": 403,
      "daybook.request.duration_ms": 12,
      "daybook.resource.type": "book",
      "daybook.reason": "not_owner",
      "daybook.data.policy": "owners",
      "daybook.data.permissionsRequired": ["delete"],
    },
  },
  {
    entry: entry(
      {
        actor: { kind: "service", id: "importer" },
        resource: { type: "book", id: "b-8" },
        purpose: "catalogue",
        error: { code: "E_PART", message: "page 3 of sabo's copy is torn" },
        outcome: "partial",
        severity: "error",
        data: {
          bytes: 2 ** 40,
          chapters: ["one", "två"],
          reader: { name: "Sabo" },
          nested: { ratio: 0.25, none: null, flags: [true, 1], deep: { x: "y" } },
        },
      },
      bookUploaded,
    ),
    severityNumber: 17,
    body: "book.uploaded partial E_PART",
    attributes: {
      "daybook.event.type": "ingestion",
      "daybook.event.outcome": "partial",
      "daybook.actor.kind": "service",
      "error.type": "E_PART",
      "daybook.resource.type": "book",
      "daybook.resource.id": "b-8",
      "daybook.purpose": "catalogue",
      "daybook.data.bytes": 2 ** 40,
      "daybook.data.chapters": ["one", "två"],
      "daybook.data.nested": { ratio: 0.25, none: null, flags: [true, 1], deep: { x: "y" } },
      "daybook.event.id": "(id)",
    },
  },
  {
    entry: entry({ data: { note: "call sabo back" }, subjects: [{ id: "sabo" }], severity: "critical" }, undeclared),
    severityNumber: 21,
    body: "note.taken success",
    attributes: {
      "daybook.event.type": "custom",
      "daybook.event.outcome": "success",
      "daybook.actor.kind": "system",
      "daybook.event.id": "(id)",
    },
  },
  {
    entry: entry(
      { request: TRACE, data: { model: "m-1", template: "t-2", tokensIn: 900, tokensOut: 80, citations: ["d-1"] } },
      answerGenerated,
    ),
    severityNumber: 9,
    body: "answer.generated success",
    attributes: {
      "daybook.event.type": "generation",
      "daybook.event.outcome": "success",
      "daybook.actor.kind": "system",
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "m-1",
      "gen_ai.prompt.name": "t-2",
      "gen_ai.usage.input_tokens": 900,
      "gen_ai.usage.output_tokens": 80,
    },
  },
  {
    entry: entry({ request: TRACE, data: { documents: ["d-1"], scores: [0.5], strategy: "bm25", durationMs: 3 } }, documentsRetrieved),
    severityNumber: 9,
    body: "documents.retrieved success",
    attributes: {
      "daybook.event.type": "retrieval",
      "daybook.event.outcome": "success",
      "daybook.actor.kind": "system",
      "gen_ai.operation.name": "retrieval",
      "daybook.data.strategy": "bm25",
      "daybook.data.durationMs": 3,
    },
  },
].map((pair) => ({ ...pair, attributes: withId(pair.attributes, pair.entry.event.id) }));

function withId(attributes: Attributes, id: string): Attributes {
  return "daybook.event.id" in attributes ? { ...attributes, "daybook.event.id": id } : attributes;
}

async function sendOfficially(url: string): Promise<void> {
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ "service.name": "library", "service.instance.id": "a1", "deployment.environment.name": "test" }),
    processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url }) })],
  });
  const logger = provider.getLogger("@daybook/otlp");
  for (const { entry: given, severityNumber, body, attributes } of pairs) {
    const { event } = given;
    const timestamp = Date.parse(event.time);
    const { traceId, spanId } = event.request ?? {};
    logger.emit({
      timestamp,
      observedTimestamp: timestamp,
      severityNumber,
      severityText: event.severity,
      body,
      eventName: event.action,
      attributes,
      context:
        traceId === undefined
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: spanId!, traceFlags: TraceFlags.NONE }),
    });
  }
  await provider.shutdown();
}

describe("a batch of the sink and the official exporter", () => {
  it("has the same records and follows the protocol", async () => {
    const official = await strictReceiver();
    const ours = await strictReceiver();
    await sendOfficially(official.url);
    const sink = otlpSink({ url: ours.url, resource: { "deployment.environment.name": "test" } });
    const named = pairs.map(({ entry: { event, definition } }) => ({
      definition,
      event: { ...event, service: "library", instance: "a1" },
    }));
    expect(await sink.append(named, { durable: true })).toEqual({ refused: [] });
    expect({ official: official.faults, ours: ours.faults }).toEqual({ official: [], ours: [] });
    expect(official.records()).toHaveLength(pairs.length);
    expect(ours.requests.map((request) => request.body)).toEqual(official.requests.map((request) => request.body));
    expect(ours.requests[0]!.headers["content-type"]).toBe(official.requests[0]!.headers["content-type"]);
    await sink.close();
  });
});

describe("the records that a log store gets", () => {
  it("contain no personal data", async () => {
    const receiver = await strictReceiver();
    const sink = otlpSink({ url: receiver.url });
    await sink.append(
      pairs.map((pair) => pair.entry),
      { durable: true },
    );
    const sent = JSON.stringify(receiver.requests.map((request) => request.body));
    const personal = [
      "sabo",
      "Sabo",
      "203.0.113",
      "Firefox",
      "s-1",
      "req-1",
      "north",
      "importer",
      "torn",
      "b-7",
      "reader",
      '"read"',
      "d-1",
    ];
    expect(personal.filter((value) => sent.includes(value))).toEqual([]);
    await sink.close();
  });

  it("contain the event id only without a trace", async () => {
    const receiver = await strictReceiver();
    const sink = otlpSink({ url: receiver.url });
    const traced = entry({ request: TRACE });
    const untraced = entry();
    await sink.append([traced, untraced], { durable: true });
    const [first, second] = receiver.records();
    expect(JSON.stringify(first)).not.toContain(traced.event.id);
    expect(first).toMatchObject(TRACE);
    expect(JSON.stringify(second)).toContain(untraced.event.id);
    expect(second).not.toHaveProperty("traceId");
    await sink.close();
  });
});

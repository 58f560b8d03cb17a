import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { onTestFinished } from "vitest";
import type { ExportRequest } from "../../src/export-request.ts";
import type { LogRecord } from "../../src/log-record.ts";

export interface ReceivedRequest {
  readonly body: ExportRequest;
  readonly headers: IncomingMessage["headers"];
  readonly path: string;
  readonly at: number;
}

/** What the receiver does with one request; `undefined` accepts it with 204 as Loki does. */
export type Behaviour = (
  request: ReceivedRequest,
  nth: number,
) => { status: number; headers?: Record<string, string>; body?: string } | "hang" | "cut" | undefined;

/** A receiver of OTLP logs on loopback that accepts nothing the protocol does not define. */
export async function strictReceiver(behaviour: Behaviour = () => undefined) {
  const requests: ReceivedRequest[] = [];
  const accepted: ReceivedRequest[] = [];
  const faults: string[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const raw = Buffer.concat(chunks);
      let body: unknown;
      try {
        if (req.method !== "POST") throw new Error(`method ${req.method}`);
        if (req.headers["content-type"] !== "application/json") throw new Error(`content-type ${req.headers["content-type"]}`);
        body = JSON.parse((req.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw).toString("utf8"));
        checkRequest(body);
      } catch (error) {
        faults.push((error as Error).message);
        res.writeHead(400).end(JSON.stringify({ code: 3, message: (error as Error).message }));
        return;
      }
      const request = { body: body as ExportRequest, headers: req.headers, path: req.url!, at: performance.now() };
      requests.push(request);
      const answer = behaviour(request, requests.length);
      if (answer === "hang") return;
      if (answer === "cut") {
        req.socket.destroy();
        return;
      }
      if (answer === undefined || answer.status < 300) accepted.push(request);
      if (answer === undefined) res.writeHead(204).end();
      else res.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`,
    requests,
    /** What was wrong with requests, by the protocol. */
    faults,
    /** Records of accepted requests, in the order they came. */
    records: (): LogRecord[] => accepted.flatMap((request) => recordsOf(request.body)),
    accepted,
  };
}

export const recordsOf = (body: ExportRequest): LogRecord[] =>
  body.resourceLogs.flatMap((logs) => logs.scopeLogs.flatMap((scope) => scope.logRecords));

type Check = (value: unknown, where: string) => void;

function fail(where: string, rule: string): never {
  throw new Error(`${where}: ${rule}`);
}

// opentelemetry-proto 1.x: collector/logs/v1/logs_service.proto, logs/v1/logs.proto, resource/v1, common/v1, in the JSON mapping of
// the OTLP specification (ids as hexadecimal text, 64-bit numbers as decimal text or numbers, lowerCamelCase keys).
const string: Check = (value, where) => typeof value === "string" || fail(where, "not a text");
const integer: Check = (value, where) => (typeof value === "number" && Number.isInteger(value)) || fail(where, "not a whole number");
const number: Check = (value, where) => typeof value === "number" || fail(where, "not a number");
const boolean: Check = (value, where) => typeof value === "boolean" || fail(where, "not true or false");
const int64: Check = (value, where) =>
  (typeof value === "number" ? Number.isInteger(value) : /^-?\d{1,19}$/.test(String(value))) || fail(where, "not 64 bits");
const nanoseconds: Check = (value, where) =>
  (typeof value === "string" && /^\d{19}$/.test(value)) || fail(where, "not nanoseconds as text");
const hex =
  (digits: number): Check =>
  (value, where) =>
    (typeof value === "string" && new RegExp(`^[0-9a-f]{${digits}}$`).test(value) && /[^0]/.test(value)) ||
    fail(where, `not ${digits} digits`);
const list =
  (item: Check): Check =>
  (value, where) => {
    if (!Array.isArray(value)) fail(where, "not a list");
    for (const [i, each] of value.entries()) item(each, `${where}[${i}]`);
  };
const message =
  (fields: Record<string, Check>, required: readonly string[] = []): Check =>
  (value, where) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) fail(where, "not an object");
    for (const [key, each] of Object.entries(value)) (fields[key] ?? fail(`${where}.${key}`, "unknown"))(each, `${where}.${key}`);
    for (const key of required) if (!(key in value)) fail(`${where}.${key}`, "missing");
  };

const anyValue: Check = (value, where) => {
  message({
    stringValue: string,
    boolValue: boolean,
    intValue: int64,
    doubleValue: number,
    arrayValue: message({ values: list(anyValue) }),
    kvlistValue: message({ values: list(keyValue) }),
    bytesValue: string,
  })(value, where);
  if (Object.keys(value as object).length > 1) fail(where, "more than one value");
};
const keyValue: Check = message({ key: string, value: anyValue }, ["key"]);
const attributes: Check = (value, where) => {
  list(keyValue)(value, where);
  const keys = (value as { key: string }[]).map(({ key }) => key);
  if (new Set(keys).size !== keys.length) fail(where, "a key twice");
  if (keys.includes("")) fail(where, "an empty key");
};
const severity: Check = (value, where) => {
  integer(value, where);
  if ((value as number) < 1 || (value as number) > 24) fail(where, "not 1 to 24");
};
const logRecord = message(
  {
    timeUnixNano: nanoseconds,
    observedTimeUnixNano: nanoseconds,
    severityNumber: severity,
    severityText: string,
    body: anyValue,
    attributes,
    droppedAttributesCount: integer,
    flags: integer,
    traceId: hex(32),
    spanId: hex(16),
    eventName: string,
  },
  ["timeUnixNano", "observedTimeUnixNano"],
);
const checkRequest = (body: unknown) =>
  message(
    {
      resourceLogs: list(
        message({
          resource: message({ attributes, droppedAttributesCount: integer }),
          scopeLogs: list(
            message({
              scope: message({ name: string, version: string, attributes, droppedAttributesCount: integer }),
              logRecords: list(logRecord),
              schemaUrl: string,
            }),
          ),
          schemaUrl: string,
        }),
      ),
    },
    ["resourceLogs"],
  )(body, "body");

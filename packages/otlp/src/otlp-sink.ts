import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { DaybookError } from "@daybook/core";
import type { EntrySink, RefusedEvent, SinkEntry } from "@daybook/core/store";
import { exportRequest } from "./export-request.ts";
import { retryAfterMs } from "./retry-after.ts";

/** Options of `otlpSink`. */
export interface OtlpSinkOptions {
  /**
   * URL of the logs endpoint, such as `http://collector:4318/v1/logs` or Loki's
   * `http://loki:3100/otlp/v1/logs`. Without a path, `/v1/logs` is used.
   */
  readonly url: string;
  /** Headers of every request, such as `authorization`; a function is called for each request. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  /** Attributes of the sending resource, such as `deployment.environment.name`. Default: none. */
  readonly resource?: Readonly<Record<string, string>>;
  /** Compression of request bodies. Default `gzip`. */
  readonly compression?: "gzip" | "none";
  /** Shortest time between two requests with fewer than 512 events, in milliseconds. Default 200. */
  readonly intervalMs?: number;
  /** Longest wait for a response before the request is repeated, in milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
  /** Longest pause between two attempts, in milliseconds, even if the receiver asks for more. Default 60 000. */
  readonly maxPauseMs?: number;
  /** Name in messages and metrics. Default `otlp`. */
  readonly name?: string;
}

const FULL_BATCH = 512;
const FIRST_PAUSE_MS = 500;
/** Halving a batch of 1,000 around a handful of bad records takes fewer requests than this. */
const MOST_REQUESTS_PER_BATCH = 64;
const LONGEST_RESPONSE = 64 * 1024;

/** Statuses that blame the data. With any other status the same data may be accepted later. */
const AT_FAULT = new Set([400, 413, 415, 422]);

const compress = promisify(gzip);

/**
 * Sends events as OpenTelemetry log records over OTLP/HTTP with JSON (opentelemetry.io, OTLP specification 1): to Loki from 3.0 on,
 * to Elasticsearch, to any collector. No personal data is sent, so the receiver need not erase any.
 *
 * The delivery queue of the sink is the buffer: while the receiver is down or slow, events stay there in order, up to its bound. Delivery is
 * at least once, because a request that timed out may have been received.
 * @throws {DaybookError} `BAD_OPTION`: `url` is not an http or https address, or contains a password
 * @example
 * ```ts
 * import { otlpSink } from "@daybook/otlp";
 *
 * const loki = otlpSink({ url: "http://loki:3100/otlp/v1/logs", resource: { "deployment.environment.name": "production" } });
 * console.log(loki.name); // otlp
 * ```
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { createAuditLog, memoryStore } from "@daybook/core";
 * import { otlpSink } from "@daybook/otlp";
 *
 * const token = (await readFile("/run/secrets/otlp", "utf8")).trim();
 * const collector = otlpSink({ url: "http://127.0.0.1:4318", headers: { authorization: `Bearer ${token}` } });
 * const audit = createAuditLog({ store: memoryStore(), sinks: [collector] });
 * await audit.close();
 * ```
 */
export function otlpSink(options: OtlpSinkOptions): EntrySink {
  const {
    headers = {},
    resource = {},
    compression = "gzip",
    intervalMs = 200,
    timeoutMs = 10_000,
    maxPauseMs = 60_000,
    name = "otlp",
  } = options;
  const url = endpoint(options.url);
  const closing = new AbortController();
  /** Events of an unfinished batch that are not sent again: null if stored, otherwise why the receiver refused them. */
  const settled = new Map<string, RefusedEvent | null>();
  let notBefore = 0;
  let failures = 0;

  async function append(batch: readonly SinkEntry[]) {
    // A process that has nothing else to do stays for a batch, but not for a receiver that is away.
    await waitUntil(notBefore, failures === 0, closing.signal);
    if (batch.length < FULL_BATCH) notBefore = performance.now() + intervalMs;
    await deliver(batch.filter(({ event }) => !settled.has(event.id)));
    failures = 0;
    const refused = batch.map(({ event }) => settled.get(event.id)).filter((answer) => answer !== undefined && answer !== null);
    settled.clear();
    return { refused };
  }

  /** Sends records. If the receiver refuses them, sends them in halves, so that one bad record does not cost the good ones. */
  async function deliver(entries: readonly SinkEntry[]): Promise<void> {
    const pending = entries.length > 0 ? [entries] : [];
    for (let requests = 1; pending.length > 0; requests++) {
      const part = pending.pop() ?? [];
      const fault = await send(part);
      if (fault === undefined) continue;
      if (part.length > 1 && requests + pending.length + 2 <= MOST_REQUESTS_PER_BATCH) {
        const middle = part.length >> 1;
        pending.push(part.slice(middle), part.slice(0, middle));
      } else for (const { event } of part) settled.set(event.id, { id: event.id, ...fault });
    }
  }

  /** Returns why the receiver refused the records; throws if they should be sent again. */
  async function send(entries: readonly SinkEntry[]): Promise<Omit<RefusedEvent, "id"> | undefined> {
    const text = JSON.stringify(exportRequest(entries, resource));
    const response = await post(compression === "gzip" ? await compress(text) : text);
    const answer = response.text.slice(0, 200);
    if (AT_FAULT.has(response.status)) return { code: `HTTP_${response.status}`, hint: answer };
    if (response.status < 200 || response.status > 299) {
      throw pause(`it answered ${response.status}: ${answer}`, response.retryAfterMs);
    }
    for (const { event } of entries) settled.set(event.id, null);
    // OTLP reports only a count of rejected records: the count is exact, the ids are a guess.
    const { rejected, message } = partialSuccess(response.text);
    for (const { event } of entries.slice(0, rejected)) {
      settled.set(event.id, {
        id: event.id,
        code: "PARTIAL_SUCCESS",
        hint: `${rejected} of ${entries.length} records were rejected: ${message}`,
      });
    }
    return undefined;
  }

  async function post(body: string | Uint8Array<ArrayBuffer>) {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: {
          ...(typeof headers === "function" ? headers() : headers),
          "content-type": "application/json",
          ...(compression === "gzip" ? { "content-encoding": "gzip" } : {}),
        },
        body,
        redirect: "manual",
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]),
      });
      return {
        status: response.status,
        retryAfterMs: retryAfterMs(response.headers.get("retry-after")),
        text: await beginningOf(response),
      };
    } catch (cause) {
      throw pause(reasonOf(cause), undefined, cause);
    }
  }

  /** Sets the next attempt: after the pause the receiver asked for, otherwise by exponential backoff with jitter. */
  function pause(reason: string, askedMs: number | undefined, cause?: unknown): DaybookError {
    const ownMs = FIRST_PAUSE_MS * 2 ** Math.min(failures++, 20) * (0.5 + Math.random() / 2);
    const pauseMs = Math.min(maxPauseMs, askedMs ?? ownMs);
    notBefore = performance.now() + pauseMs;
    return new DaybookError(
      "SINK_FAILED",
      `Nothing was stored at ${url.origin}, ${reason} (next attempt in ${Math.ceil(pauseMs / 1_000)} s).`,
      { cause },
    );
  }

  return {
    name,
    supports: { erasure: "none", durable: false, idempotent: false },
    append,
    async close() {
      closing.abort(new DaybookError("LOG_CLOSED", `Sink ${name} was closed.`));
    },
  };
}

function endpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new DaybookError("BAD_OPTION", "`url` of otlpSink is an http or https address.");
  if (url.username !== "" || url.password !== "")
    throw new DaybookError("BAD_OPTION", "`url` of otlpSink holds a password: give it in `headers`.");
  if (url.pathname === "/") url.pathname = "/v1/logs";
  return url;
}

async function waitUntil(at: number, ref: boolean, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const ms = at - performance.now();
  if (ms > 0) await sleep(ms, undefined, { signal, ref });
}

/** Reads a response to its end, so that the connection can be reused, and returns the beginning. */
async function beginningOf(response: Response): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body as AsyncIterable<Uint8Array>)
    if (text.length < LONGEST_RESPONSE) text += decoder.decode(chunk, { stream: true });
  return text;
}

function partialSuccess(text: string): { rejected: number; message: string } {
  if (!text.includes("rejectedLogRecords")) return { rejected: 0, message: "" };
  const { partialSuccess: partial } = JSON.parse(text) as {
    partialSuccess?: { rejectedLogRecords?: string | number; errorMessage?: string };
  };
  return { rejected: Number(partial?.rejectedLogRecords ?? 0), message: (partial?.errorMessage ?? "").slice(0, 200) };
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === "TimeoutError") return "there was no answer in time";
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}

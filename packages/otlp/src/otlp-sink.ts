import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { DaybookError } from "@daybook/core";
import type { EntrySink, RefusedEvent, SinkEntry } from "@daybook/core/store";
import { exportRequest } from "./export-request.ts";
import { retryAfterMs } from "./retry-after.ts";

export interface OtlpSinkOptions {
  /**
   * Where to send: the address of the logs endpoint, such as `http://collector:4318/v1/logs` or Loki's
   * `http://loki:3100/otlp/v1/logs`. An address without a path gets `/v1/logs`.
   */
  readonly url: string;
  /** Headers of every request, such as an `authorization`; asked each time where it is a function. */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  /** Attributes of the sending resource, such as `deployment.environment.name`. */
  readonly resource?: Readonly<Record<string, string>>;
  /** Default `gzip`. */
  readonly compression?: "gzip" | "none";
  /** While fewer than 512 events wait, requests are at least this many milliseconds apart. Default 200. */
  readonly intervalMs?: number;
  /** A request without an answer after this many milliseconds is repeated. Default 10 000. */
  readonly timeoutMs?: number;
  /** Longest pause between two attempts, in milliseconds, also where the receiver asks for more. Default 60 000. */
  readonly maxPauseMs?: number;
  /** Name in messages and metrics. Default `otlp`. */
  readonly name?: string;
}

const FULL_BATCH = 512;
const FIRST_PAUSE_MS = 500;
/** Halving a batch of 1,000 around a handful of bad records takes fewer requests than this. */
const MOST_REQUESTS_PER_BATCH = 64;
const LONGEST_ANSWER = 64 * 1024;

/** These say that the data is at fault; with any other status the same data may be welcome later. */
const AT_FAULT = new Set([400, 413, 415, 422]);

const compress = promisify(gzip);

/**
 * Sends events as OpenTelemetry log records over OTLP/HTTP with JSON (opentelemetry.io, OTLP specification 1): to Loki from 3.0 on,
 * to Elasticsearch, to any collector. Nothing about a person is sent, so nothing has to be erased there.
 *
 * The queue in front of a sink is the buffer: while the receiver is away, slow or refuses, events wait there up to its bound and
 * keep their order. A request that timed out may have been received, so a record can arrive twice, never not at all.
 * @throws {DaybookError} `BAD_OPTION`
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
  /** Events of an unfinished batch that need not be sent again: null where stored, else why the receiver cannot store them. */
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

  /** Sends records, and where the receiver finds fault with them in halves, so that a bad record does not cost the good ones. */
  async function deliver(entries: readonly SinkEntry[]): Promise<void> {
    const pending = entries.length > 0 ? [entries] : [];
    for (let requests = 1; pending.length > 0; requests++) {
      const part = pending.pop()!;
      const fault = await send(part);
      if (fault === undefined) continue;
      if (part.length > 1 && requests + pending.length + 2 <= MOST_REQUESTS_PER_BATCH) {
        const middle = part.length >> 1;
        pending.push(part.slice(middle), part.slice(0, middle));
      } else for (const { event } of part) settled.set(event.id, { id: event.id, ...fault });
    }
  }

  /** Answers with what is wrong with the records; throws where they should be sent again. */
  async function send(entries: readonly SinkEntry[]): Promise<Omit<RefusedEvent, "id"> | undefined> {
    const text = JSON.stringify(exportRequest(entries, resource));
    const response = await post(compression === "gzip" ? await compress(text) : text);
    const answer = response.text.slice(0, 200);
    if (AT_FAULT.has(response.status)) return { code: `HTTP_${response.status}`, hint: answer };
    if (response.status < 200 || response.status > 299) {
      throw pause(`it answered ${response.status}: ${answer}`, response.retryAfterMs);
    }
    for (const { event } of entries) settled.set(event.id, null);
    // Which records were rejected is not said: the count is right, the ids are not to be relied on.
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

  /** Notes how long to stay away: what the receiver asked for, else twice as long as the time before, from a random point on. */
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

/** Reads an answer to its end, so that the connection can be used again, and keeps the beginning. */
async function beginningOf(response: Response): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body as AsyncIterable<Uint8Array>)
    if (text.length < LONGEST_ANSWER) text += decoder.decode(chunk, { stream: true });
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

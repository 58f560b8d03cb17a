import { createHash, timingSafeEqual } from "node:crypto";
import { type AuditLog, DaybookError } from "@daybook/core";
import type { ResponseLike } from "../serving/metrics-handler.ts";
import { alertRecorder } from "./alert-records.ts";

/** Options of `alertHandler`. */
export interface AlertHandlerOptions {
  /** The token Alertmanager sends as `Authorization: Bearer …`, at least 16 characters. It permits writing into the trail. */
  readonly token: string;
}

/** The part of a request that is used: of Node, of Express with or without `express.json()`, of Fastify. */
export interface AlertRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The parsed body, if a body parser ran before. */
  readonly body?: unknown;
}

/** The part of a Fastify reply that is used. */
export interface AlertReply {
  code(status: number): unknown;
}

const MOST_BYTES = 1024 * 1024;

/**
 * Handles the webhook of Alertmanager and records in the trail when alerts fire and resolve:
 * `app.post("/alerts", alertHandler(audit, { token }))`, with `ALERT_EVENTS` in the catalogue of `audit`.
 * @throws {DaybookError} `BAD_OPTION`: the token has fewer than 16 characters
 */
export function alertHandler(
  audit: Pick<AuditLog, "recordWith">,
  options: AlertHandlerOptions,
): (request: AlertRequest & Partial<AsyncIterable<unknown>>, response: ResponseLike) => Promise<void> {
  const take = taker(audit, options);
  return async (request, response) => {
    const status = await take(request, async () => request.body ?? parsed(await textOf(request as AsyncIterable<Uint8Array>)));
    response.writeHead(status, {});
    response.end();
  };
}

/** Handles the webhook of Alertmanager under Fastify, see `alertHandler`: `app.post("/alerts", fastifyAlertHandler(audit, { token }))`. */
export function fastifyAlertHandler(
  audit: Pick<AuditLog, "recordWith">,
  options: AlertHandlerOptions,
): (request: AlertRequest, reply: AlertReply) => Promise<string> {
  const take = taker(audit, options);
  return async (request, reply) => {
    reply.code(await take(request, () => request.body));
    return "";
  };
}

/** Returns the status: 200 once the records are stored, 4xx for an invalid request, 503 if Alertmanager should try again. */
function taker(audit: Pick<AuditLog, "recordWith">, { token }: AlertHandlerOptions) {
  if (typeof token !== "string" || token.length < 16)
    throw new DaybookError("BAD_OPTION", "`token` of the alert handler has at least 16 characters.");
  const record = alertRecorder(audit);
  const expected = digest(`Bearer ${token}`);
  return async (request: AlertRequest, body: () => unknown): Promise<number> => {
    if (!timingSafeEqual(digest(String(request.headers.authorization)), expected)) return 401;
    let notification: unknown;
    try {
      notification = await body();
    } catch (error) {
      return error instanceof RangeError ? 413 : 400;
    }
    try {
      await record(notification);
      return 200;
    } catch (error) {
      return error instanceof TypeError ? 400 : 503;
    }
  };
}

const digest = (text: string) => createHash("sha256").update(text).digest();

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new RangeError("too long");
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString("utf8");
}

const parsed = (text: string): unknown => JSON.parse(text);
